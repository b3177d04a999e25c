// Names, searches, neighbours and receipts of a gallery: pure functions, independent of the DOM.

import { count, figure, fmrAt, outOf } from "./words.js";

const IMAGE = /\.(jpe?g|png|webp|bmp|gif|tiff?|p[gp]m|hei[cf])$/i;

/**
 * Files by the identity that their folder names, or else their own name: as `likewise enrol FOLDER`
 * reads a folder that has a folder of images for each identity, or an image for each.
 * @param {{file: {name: string}, path: string}[]} chosen `path` begins with the chosen folder, if there is one.
 * @param {number} most Largest number of images of an identity; the first by name are taken.
 * @returns {[string, object[]][]} Names with their files, both in order.
 */
export function grouped(chosen, most) {
  const parts = ({ path }) => path.split("/");
  const images = chosen.filter(({ file }) => IMAGE.test(file.name));
  const inFolders = images.filter((each) => parts(each).length > 2);
  const found = new Map();
  for (const each of inFolders.length ? inFolders : images) {
    const name = inFolders.length ? parts(each)[1] : each.file.name.replace(/\.[^.]*$/, "");
    found.set(name, [...(found.get(name) ?? []), each.file]);
  }
  const order = (a, b) => (a < b ? -1 : Number(a > b));
  return [...found]
    .sort(([a], [b]) => order(a, b))
    .map(([name, files]) => [name, files.sort((a, b) => order(a.name, b.name)).slice(0, most)]);
}

/** Targets of the FPIR (false positive identification rate) that a model supports for a gallery of so many. */
export function targets(model, size) {
  const points = model?.identification?.points ?? [];
  const enough = points.filter((point) => point.supported && point.gallery_size >= size);
  return [...new Set(enough.map((point) => point.target_fpir))].sort((a, b) => b - a);
}

/** The answer to a search in words: who it is, and how often such a search is wrong. */
export function found({ candidates, threshold, identification, identification_reason: reason, size }) {
  const matching = candidates.filter(({ decision }) => decision === "same");
  const who = matching.length === 1 ? matching[0].identity : `${count(matching.length)} identities match`;
  const badge = matching.length ? who : "Nobody in this gallery";
  if (threshold === null) return { kind: "plain", badge: "Undecided", sentence: `Nothing is decided, and no error rates are known: ${reason}.` };
  if (!identification) {
    return { kind: "plain", badge, sentence: `That is by the energies alone. How often it is wrong is not known: ${reason}.` };
  }
  const kind = matching.length ? "same" : "different";
  return { kind, badge, sentence: searchRates(identification, size) };
}

function searchRates({ fpir, fpir_interval, fnmr, fnmr_interval }, size) {
  const of = outOf(fpir, fpir_interval);
  const missed = outOf(fnmr, fnmr_interval);
  return `Of ${of.all} pictures of nobody in a gallery of ${count(size)}, ${of.about} (${of.between}) match somebody by mistake (FPIR). Of ${missed.all} pictures of somebody in it, ${missed.about} (${missed.between}) do not match their own identity (FNIR).`;
}

/**
 * How many of the other identities would be as near by accident, in words: their number times the
 * false match rate at that energy.
 * @param {object} near `energy`, `others` (number of other identities) and `images` of the two templates.
 * @param {object|null} model Manifest of the gallery's model, if the service has it.
 */
export function byAccident({ energy, others, images }, model) {
  if (!model) return "not known";
  if (images.some((number) => number > 1)) return "not measured for several images";
  const { operating_points: points } = model.calibration;
  const rates = points.filter((point) => point.supported && point.target_fmr !== null).map((point) => point.target_fmr);
  const rate = fmrAt(model.accuracy.curve, energy);
  const least = Math.min(...rates);
  if (rates.length && rate < least) return `fewer than ${short(others * least)}`;
  return `about ${short(others * rate)}`;
}

function short(value) {
  return value >= 100 ? count(Math.round(value)) : String(Number(value.toPrecision(2)));
}

/** Pairs of identities, nearest first, each once. */
export function nearestPairs(answers) {
  const pairs = new Map();
  for (const { identity, images, others, neighbours } of answers) {
    for (const { identity: other, energy, images: ofOther } of neighbours) {
      const key = JSON.stringify([identity, other].sort());
      pairs.set(key, { names: [identity, other], energy, others, images: [images, ofOther] });
    }
  }
  return [...pairs.values()].sort((a, b) => a.energy - b.energy);
}

/** A receipt in sentences. */
export function receiptText(name, { gone, waiting }) {
  const rest = waiting.map((place) => `Bytes may wait in ${place}.`);
  return [`${name} is erased, and gone from ${gone.join(", ")}.`, ...rest].join(" ");
}

/** An energy beside its threshold, for a table. */
export function energyText(energy) {
  return energy === null ? "too far" : figure(energy);
}
