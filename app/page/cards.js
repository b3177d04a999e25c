// Cards of the served models: purpose, data, error rates, provenance.

import { manifest } from "./api.js";
import { h } from "./dom.js";
import { detPlot, histogramPlot, legend } from "./plots.js";
import { count, figure, percent } from "./words.js";

/** Show a card for each served model, and the names of those that were refused. */
export async function showCards(list) {
  const ordered = [...list.models].sort((a, b) => b.default - a.default);
  const all = await Promise.all(ordered.map(async ({ name, provider }) => card(await manifest(name), provider)));
  const refused = list.refused.map(({ name, reason }) =>
    h("p", { class: "notice" }, h("strong", {}, name), ` is in the models folder and was refused: ${reason}.`));
  document.getElementById("cards").replaceChildren(...all, ...refused);
}

function card(model, provider) {
  const { accuracy, calibration, card: text } = model;
  const origin = model.provenance ?? model.adoption;
  const point = calibration.operating_points[calibration.default];
  return h("article", { class: "card", "aria-labelledby": `card-${model.name}` },
    h("h2", { id: `card-${model.name}` }, `${model.name} ${model.version}`),
    h("p", { class: "lead" }, text.summary),
    h("dl", {},
      ...entry("For", text.intended_use),
      ...entry("Not for", text.not_for),
      ...entry("Data behind it", text.data_licence),
      ...entry("How it was measured", `${capitalised(accuracy.protocol)}. ${count(accuracy.sample.genuine_pairs)} genuine pairs (the same thing) and ${count(accuracy.sample.impostor_pairs)} impostor pairs (different things).`),
      ...entry("Equal error rate", `${percent(accuracy.eer)} (at the threshold where FMR and FNMR, explained below, are equal)`),
      ...accuracy.benchmarks.flatMap(({ name, measure, value, standard_error: error }) =>
        entry(name, `${oneDecimal(value)}${error ? ` ± ${percent(error)}` : ""} (${measure})`))),
    h("h3", {}, "How often it is wrong"),
    h("p", { class: "hint" }, "FMR (false match rate): share of different pairs called the same. FNMR (false non-match rate): share of same pairs called different. Each row is an operating point: a threshold and its error rates."),
    rates(calibration),
    h("div", { class: "side-by-side" },
      h("figure", {}, detPlot(accuracy.curve.rates, point.test), h("figcaption", {}, `Detection error trade-off on people or things not seen in ${isUnknown(model) ? "calibration" : "training"}, with 95 % interval; the dot is the default operating point.`)),
      h("figure", {}, histogramPlot(calibration.histogram, { low: point.threshold, high: point.threshold }), h("figcaption", { class: "legend" }, ...legend().map((part) => h("span", {}, ...part))))),
    h("details", {}, h("summary", {}, "Where it comes from"),
      h("dl", {},
        ...trained(model),
        ...entry("Input", `${model.input.width} × ${model.input.height}, ${model.input.channels === 1 ? "grey" : "colour"}`),
        ...entry("Embedding", model.embedding_dim ? `${model.embedding_dim} numbers, ${model.metric}` : "none: it compares two images at a time"),
        ...entry("Parameters", count(origin.parameters)),
        ...entry("Command", h("code", {}, origin.command)),
        ...entry("Seed", String(origin.seed)),
        ...entry("Revision", h("code", {}, origin.git_revision)),
        ...(model.onnx.precision ? entry("Precision", model.onnx.precision) : []),
        ...entry("Runs on", provider),
        ...entry("SHA-256 of the graph", h("code", {}, model.onnx.sha256)))));
}

/** Whether the identities that an encoder was trained on are unknown, as of most adopted ones. */
function isUnknown({ adoption }) {
  return adoption?.seen === "unknown";
}

/** Entries on the teacher whose embeddings an encoder learnt, if any. */
function taught({ teacher }) {
  if (!teacher) return [];
  return [
    ...entry("Taught by", [`${teacher.name} ${teacher.version}`, teacher.training_data].filter(Boolean).join(", trained on: ")),
    ...(teacher.licence ? entry("Terms of the teacher", teacher.licence) : []),
    ...(teacher.seen === "identities" ? [] : entry("Note", "Whether the teacher was trained on identities that the encoder was measured on is not known; if it was, the error rates are too good.")),
  ];
}

/** Entries on the training: the data behind the weights, or whose encoder it is. */
function trained({ provenance, adoption }) {
  if (adoption === null) {
    return [
      ...entry("Trained on", `${count(provenance.train_images)} images of ${count(provenance.train_identities)} identities of ${provenance.data}`),
      ...entry("Trained at", provenance.trained_at),
      ...taught(provenance),
    ];
  }
  return [
    ...entry("Adopted", `${adoption.file}, ${adoption.adopted_at}`),
    ...entry("Trained on", adoption.training_data),
    ...entry("Terms", adoption.licence),
    ...(isUnknown({ adoption }) ? entry("Note", "Whether the encoder was trained on identities that it was measured on is not known; if it was, the error rates are too good.") : []),
  ];
}

function entry(term, description) {
  return [h("dt", {}, term), h("dd", {}, description)];
}

/** An accuracy in per cent, with one decimal. */
function oneDecimal(rate) {
  return `${(100 * rate).toFixed(1)} %`;
}

function capitalised(text) {
  return text[0].toUpperCase() + text.slice(1);
}

/** Table of the operating points: error rates on the test identities, with their intervals. */
function rates(calibration) {
  const interval = (rate, [low, high]) => [h("strong", {}, percent(rate)), h("br"), h("small", {}, `${percent(low)} to ${percent(high)}`)];
  const row = (point, i) => h("tr", { class: point.supported ? "" : "unsupported" },
    h("th", { scope: "row" }, point.target_fmr === null ? "equal errors in calibration" : percent(point.target_fmr), i === calibration.default ? " (default)" : ""),
    h("td", {}, figure(point.threshold)),
    h("td", {}, ...interval(point.test.fmr, point.test.fmr_interval)),
    h("td", {}, ...interval(point.test.fnmr, point.test.fnmr_interval)),
    h("td", {}, point.supported ? "yes" : `no: worth ${count(point.independent_impostors)} independent impostors`));
  return h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Error rates" },
    h("table", { class: "rates" },
      h("thead", {}, h("tr", {}, ...["Target FMR", "Threshold", "FMR, 95 % interval", "FNMR, 95 % interval", "Offered"].map((title) => h("th", { scope: "col" }, title)))),
      h("tbody", {}, ...calibration.operating_points.map(row))));
}
