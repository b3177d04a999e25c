// Numbers, rates and decisions as text: pure functions, independent of the DOM.

const NUMBER = new Intl.NumberFormat("en-GB");

export function count(value) {
  return NUMBER.format(value);
}

/** A rate in per cent, with two significant digits. */
export function percent(rate) {
  if (rate === 0) return "0 %";
  const value = 100 * rate;
  const digits = Math.max(0, Math.min(4, 1 - Math.floor(Math.log10(value))));
  return `${Number(value.toFixed(digits))} %`;
}

/**
 * An error as a heading and a sentence. The heading is null if the sentence repeats its words; the
 * name of the form's field is removed, because the error stands beside the image.
 */
export function explained({ title, detail }) {
  const sentence = detail.replace(/^image\d?(\[\d+\])?: /, "");
  const words = (text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const said = new Set(words(sentence));
  return {
    heading: words(title).every((word) => said.has(word)) ? null : `${title}. `,
    sentence: sentence.charAt(0).toUpperCase() + sentence.slice(1),
  };
}

/** A number with four significant digits. */
export function figure(value) {
  return String(Number(value.toPrecision(4)));
}

/** The model of an answer, with the number format of its graph where the answer names it. */
export function modelName({ name, version, precision }) {
  return precision ? `${name} ${version} (${precision})` : `${name} ${version}`;
}

/** A rate as a frequency, "about 10 of 1,000": the total is a power of ten that makes the count about 10 or more. */
export function outOf(rate, [low, high]) {
  let all = 100;
  while (all < 1e6 && rate * all < 9.5) all *= 10;
  const some = (share) => count(Math.round(share * all));
  const about = some(rate) === "0" ? "none" : `about ${some(rate)}`;
  return { all: count(all), about, between: `${some(low)} to ${some(high)}` };
}

/** Sentence on how often a decision is wrong, with rates at a `limit` of the energy. */
export function errorSentence(same, { fmr, fmr_interval, fnmr, fnmr_interval }, limit = "threshold") {
  if (same) {
    const { all, about, between } = outOf(fmr, fmr_interval);
    return `Of ${all} pairs of different things, ${about} (${between}) come as close as this ${limit} allows, and would be called the same by mistake.`;
  }
  const { all, about, between } = outOf(fnmr, fnmr_interval);
  return `Of ${all} pairs of the same thing, ${about} (${between}) lie further apart than this ${limit} allows, and would be called different by mistake.`;
}

/**
 * A likelihood ratio in words.
 * @param {{log10_min: number, log10_max: number}} bounds Range that the calibration supports.
 * @param {string} kind The decision, which a strict or loose threshold may make differ from the ratio.
 * @param {[number, number]?} interval Its 95 % interval, where the model has one.
 */
export function likelihood(ratio, { log10_min, log10_max }, kind, interval = null) {
  const log = Math.log10(ratio);
  if (Math.abs(log) < 0.05) return "This energy is as likely for the same thing as for different ones.";
  const times = (value) => count(Number((log > 0 ? value : 1 / value).toPrecision(2)));
  const ends = interval && (log > 0 ? interval : [...interval].reverse()).map(times);
  const bounded = log <= log10_min + 1e-9 || log >= log10_max - 1e-9;
  const between = ends ? ` (${ends[0]} ${bounded ? "or more" : `to ${ends[1]}`})` : "";
  const edge = bounded && !ends ? "at least" : "about";
  const which = log > 0 ? "the same thing than for different ones" : "different things than for the same";
  const agrees = kind === "unsure" || (kind === "same") === log > 0;
  const contrast = agrees ? "" : ` The threshold is ${kind === "same" ? "looser" : "stricter"} than even odds, because of the error rate that it aims at.`;
  return `An energy like this is ${edge} ${times(ratio)} times${between} likelier for ${which} (its likelihood ratio).${contrast}`;
}

/** False match rate at an energy, on the test curve of a manifest; between two points the straight line. */
export function fmrAt({ thresholds, rates }, energy) {
  return interpolated(thresholds, rates.map(({ fmr }) => fmr), energy);
}

/** Smallest threshold with a false match rate, on the test curve of a manifest. */
export function thresholdAt({ thresholds, rates }, fmr) {
  return interpolated(rates.map((rate) => rate.fmr), thresholds, fmr);
}

function interpolated(xs, ys, x) {
  const end = xs.findIndex((value) => value >= x);
  if (end === -1) return ys.at(-1);
  if (end === 0) return ys[0];
  const [low, high] = [xs[end - 1], xs[end]];
  return ys[end - 1] + ((x - low) / (high - low)) * (ys[end] - ys[end - 1]);
}

/**
 * The decision by a threshold in words. It is "only just" where a threshold of half or twice the
 * false match rate would decide otherwise.
 * @param {{threshold: number, test: object}} point Operating point.
 * @param {object} curve Test curve of the manifest.
 * @returns {{kind: string, near: boolean, badge: string, sentence: string, margin: string|null}}
 */
export function byThreshold(energy, point, curve) {
  const same = energy <= point.threshold;
  const { fmr } = point.test;
  const other = same ? fmr / 2 : 2 * fmr;
  const near = same ? fmrAt(curve, energy) > other : fmrAt(curve, energy) < other;
  const [word, opposite] = same ? ["Same", "different"] : ["Different", "the same"];
  return {
    kind: same ? "same" : "different",
    near,
    badge: near ? `${word}, but only just` : word,
    sentence: errorSentence(same, point.test),
    margin: near
      ? `With ${same ? "half" : "twice"} the false match rate (${percent(other)}) the threshold would be ${figure(thresholdAt(curve, other))}, and these two would be called ${opposite}.`
      : null,
  };
}

/** The decision on images unlike those that the rates were measured on, in words; as `byThreshold`. */
export function withoutRates(energy, { threshold }, domain) {
  const decision = energy <= threshold ? "the same" : "different";
  return {
    kind: "plain",
    near: false,
    badge: "No rates apply",
    sentence: `By its energy alone this pair would be called ${decision}. How often that is wrong for images like these is not known.`,
    margin: unlike(domain, ["the first image", "the second image"]),
  };
}

/** Sentence on images out of the domain; the reason of the service, with names for the images. */
export function unlike({ reason }, names) {
  const named = reason.replace(/\bimage(?:\[(\d+)\]|(\d))?(?= \()/g, (_, index, place) => names[index ?? (place ?? 1) - 1]);
  return `The error rates and the likelihood ratio were measured on other images than these: ${named}.`;
}

/** Sentence on the domain of images that are in it, or of which it is unknown. */
export function likeness({ status, percentile, reason }) {
  if (status === "unknown") return `Whether the rates apply to images like these has not been checked: ${reason}.`;
  return `The rates apply to images like those of the calibration; of these, ${percentile.map((share) => percent(share / 100)).join(" and ")} are less unusual than yours.`;
}

/** The decision by costs in words; as `byThreshold`. */
export function byZone({ decision, zone, domain }) {
  if (zone === null) {
    return {
      kind: "unsure",
      near: false,
      badge: "Unsure",
      sentence: "No likelihood ratio applies to these images, and without one costs decide nothing.",
      margin: unlike(domain, ["the first image", "the second image"]),
    };
  }
  const sentence = decision === "unsure"
    ? `Neither decision is worth its risk. At these costs ${percent(zone.genuine_unsure)} of the pairs of the same thing, and ${percent(zone.impostor_unsure)} of the pairs of different things, are unsure like this one.`
    : errorSentence(decision === "same", zone, "limit");
  return {
    kind: decision,
    near: false,
    badge: decision.charAt(0).toUpperCase() + decision.slice(1),
    sentence,
    margin: zone.note && `${zone.note.charAt(0).toUpperCase()}${zone.note.slice(1)}.`,
  };
}

/** Distance of an energy to a threshold, in words. */
export function distance(energy, threshold) {
  const gap = energy - threshold;
  return gap === 0 ? `at the threshold of ${figure(threshold)}` : `${Number(Math.abs(gap).toPrecision(2))} ${gap < 0 ? "below" : "above"} the threshold of ${figure(threshold)}`;
}

/** Sentence on a search for one image among others: how often it finds something that is not there. */
export function searchSentence(others, { identification, identification_reason: reason }) {
  if (!identification && !reason) return ""; // The service answers no rates of a search.
  if (!identification) return `How often a search among ${count(others)} finds something by mistake is not known: ${reason}.`;
  const { all, about, between } = outOf(identification.fpir, identification.fpir_interval);
  return `Of ${all} searches among ${count(others)} different things for one that is not there, ${about} (${between}) find one by mistake. The more there are, the likelier that is.`;
}
