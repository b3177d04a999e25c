// Plots as SVG, each with a title and a description for screen readers.

import { s } from "./dom.js";
import { figure, percent } from "./words.js";

const HEIGHT = 250;
const NARROW = 560;
const EDGE = { left: 18, right: 18, top: 34, bottom: 34 };
const ROOM = { middle: [60, 60], end: [125, 0], start: [0, 125] }; // Of a label, to the left and right of its line.
let plots = 0;

/**
 * Histograms of the energies of the calibration's genuine and impostor pairs, with a threshold or a zone.
 * @param {{edges: number[], genuine: number[], impostor: number[]}} histogram
 * @param {{low: number|null, high: number|null}|null} limits Two equal ones are a threshold; null for none.
 * @param {number|null} energy Energy of the pair to mark; null for none.
 */
export function histogramPlot(histogram, limits, energy = null) {
  const { edges, genuine, impostor } = histogram;
  const width = innerWidth < NARROW ? 360 : 640; // Keeps the text readable on a phone.
  const last = edges.length - 1;
  const [low, high] = [Math.min(edges[0], energy ?? Infinity), Math.max(edges[last], energy ?? -Infinity)];
  const x = (value) => EDGE.left + ((width - EDGE.left - EDGE.right) * (value - low)) / (high - low || 1);
  const largest = Math.max(...genuine, ...impostor) || 1;
  const floor = HEIGHT - EDGE.bottom;
  const y = (share) => floor - ((floor - EDGE.top) * share) / largest;
  const outline = (shares) =>
    `M${x(edges[0])},${floor}${shares.map((v, i) => `V${y(v)}H${x(edges[i + 1])}`).join("")}V${floor}Z`;
  const hatch = `hatch${(plots += 1)}`;
  const marked = energy === null ? "" : ` This pair has ${figure(energy)}.`;
  const { words, lines, band } = limitsIn(limits, energy, low, high);
  return plot(
    width,
    HEIGHT,
    "Energies of genuine and impostor pairs",
    `Pairs of the same thing lie to the left, of different things to the right. ${words}${marked}`,
    s("defs", {}, s("pattern", { id: hatch, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      s("rect", { width: 2, height: 6, class: "hatch" }))),
    band && s("rect", { x: x(band.from), width: x(band.to) - x(band.from), y: EDGE.top, height: floor - EDGE.top, class: band.kind }),
    s("path", { d: outline(genuine), class: "genuine" }),
    s("path", { d: outline(impostor), class: "impostor", fill: `url(#${hatch})` }),
    ticks(low, high).map((value) => [
      s("line", { x1: x(value), x2: x(value), y1: floor, y2: floor + 5, class: "axis" }),
      text(x(value), floor + 19, figure(value), "tick"),
    ]),
    s("line", { x1: EDGE.left, x2: width - EDGE.right, y1: floor, y2: floor, class: "axis" }),
    lines.map(({ at, label, side }) => [
      s("line", { x1: x(at), x2: x(at), y1: EDGE.top - 6, y2: floor, class: "threshold" }),
      s("text", { x: Math.min(Math.max(x(at), ROOM[side][0]), width - ROOM[side][1]), y: EDGE.top - 12, class: `label ${side}` }, label),
    ]),
    energy === null ? null : s("path", { d: `M${x(energy)},${floor}l-8,-16h16Z`, class: "marker" }),
    energy === null ? null : s("line", { x1: x(energy), x2: x(energy), y1: EDGE.top + 4, y2: floor, class: "marker-line" }),
  );
}

/**
 * A threshold or a zone for a histogram: in words, as lines, and as a band. The band of a threshold is its
 * distance to the energy.
 */
function limitsIn(limits, energy, first, last) {
  if (limits === null) return { words: "", lines: [], band: null };
  const { low, high } = limits;
  if (low !== null && low === high) {
    const band = energy === null ? null : { kind: "gap", from: Math.min(low, energy), to: Math.max(low, energy) };
    return { words: `The threshold is ${figure(low)}.`, lines: [{ at: low, label: `threshold ${figure(low)}`, side: "middle" }], band };
  }
  const ends = [[low, "same up to", "end"], [high, "different above", "start"]].filter(([at]) => at !== null);
  return {
    words: `${ends.map(([at, label]) => `${label} ${figure(at)}. `).join("")}In between lies the zone of unsure.`,
    lines: ends.map(([at, label, side]) => ({ at, label: `${label} ${figure(at)}`, side })),
    band: { kind: "zone", from: Math.max(low ?? first, first), to: Math.min(high ?? last, last) },
  };
}

/** Legend of the histograms: a sample and its text for each. */
export function legend() {
  const sample = (kind) => s("svg", { width: 18, height: 12, "aria-hidden": "true" },
    s("rect", { x: 1, y: 1, width: 16, height: 10, class: kind, fill: "none" }));
  return [
    [sample("genuine"), "same thing (genuine pairs)"],
    [sample("impostor"), "different things (impostor pairs)"],
  ];
}

const RATES = [0.0001, 0.001, 0.01, 0.05, 0.2, 0.5, 0.8];

/** DET curve: FNMR against FMR on normal deviates (Martin et al. 1997), with the interval of the FNMR. */
export function detPlot(rates, chosen) {
  const [side, left, top] = [300, 56, 12];
  const scale = (rate) => probit(Math.min(Math.max(rate, 5e-5), 0.9));
  const [low, high] = [scale(0), scale(1)];
  const x = (rate) => left + (side * (scale(rate) - low)) / (high - low);
  const y = (rate) => top + side - (side * (scale(rate) - low)) / (high - low);
  const shown = rates.filter(({ fmr }) => fmr > 0 && fmr < 1);
  const line = (points) => points.map(([a, b]) => `${x(a)},${y(b)}`).join(" ");
  const band = [
    ...shown.map(({ fmr, fnmr_interval: [lower] }) => [fmr, lower]),
    ...[...shown].reverse().map(({ fmr, fnmr_interval: [, upper] }) => [fmr, upper]),
  ];
  return plot(
    left + side + 16,
    top + side + 44,
    "Detection error trade-off",
    `As fewer different pairs are called the same, more same pairs are called different. False match rate against false non-match rate: ${shown.filter((_, i) => i % 12 === 0).map(({ fmr, fnmr }) => `${percent(fmr)} against ${percent(fnmr)}`).join("; ")}.`,
    RATES.map((rate) => [
      s("line", { x1: x(rate), x2: x(rate), y1: top, y2: top + side, class: "grid" }),
      s("line", { x1: left, x2: left + side, y1: y(rate), y2: y(rate), class: "grid" }),
      text(x(rate), top + side + 16, String(100 * rate), "tick"),
      s("text", { x: left - 6, y: y(rate) + 4, class: "tick end" }, String(100 * rate)),
    ]),
    s("polygon", { points: line(band), class: "band" }),
    s("polyline", { points: line(shown.map(({ fmr, fnmr }) => [fmr, fnmr])), class: "curve" }),
    s("circle", { cx: x(chosen.fmr), cy: y(chosen.fnmr), r: 5, class: "marker" }),
    text(left + side / 2, top + side + 36, "false match rate, %", "label"),
    s("text", { transform: `translate(12 ${top + side / 2}) rotate(-90)`, class: "label middle" }, "false non-match rate, %"),
  );
}

/** Map of the images, each with a ring in the colour of its group. */
export function mapPlot(points, groupOf, pictures, names) {
  const side = 420;
  const half = names.length > 12 ? 15 : 22;
  const span = Math.max(1e-9, ...points.flat().map(Math.abs));
  const at = (value) => side / 2 + ((side / 2 - half - 6) * value) / span;
  return plot(
    side,
    side,
    "Map of the images",
    "Images that are near each other have a small energy. The list of groups gives the same information as text.",
    points.map(([a, b], i) =>
      s("g", { transform: `translate(${at(a)} ${at(b)})` },
        s("title", {}, names[i]),
        s("image", { href: pictures[i], x: -half, y: -half, width: 2 * half, height: 2 * half, preserveAspectRatio: "xMidYMid slice", onerror: (event) => event.target.remove() }),
        s("rect", { x: -half, y: -half, width: 2 * half, height: 2 * half, class: `ring group${groupOf[i] % 8}` }),
        s("text", { x: half - 3, y: half - 4, class: "number" }, String(i + 1)))),
  );
}

function plot(width, height, title, description, ...children) {
  return s("svg", { viewBox: `0 0 ${width} ${height}`, class: "plot", role: "img", "aria-label": `${title}. ${description}` },
    ...children.flat(3));
}

function text(x, y, words, kind) {
  return s("text", { x, y, class: `${kind} middle` }, words);
}

/** Round numbers between two limits, for the ticks of an axis. */
function ticks(low, high) {
  const rough = (high - low) / 6 || 1;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * unit).find((size) => size >= rough);
  const found = [];
  for (let i = Math.ceil(low / step); i * step <= high; i += 1) found.push(i * step);
  return found;
}

/** Normal deviate of a rate, by bisection. */
function probit(rate) {
  let [low, high] = [-6, 6];
  for (let round = 0; round < 40; round += 1) {
    const middle = (low + high) / 2;
    if (normal(middle) < rate) low = middle;
    else high = middle;
  }
  return low;
}

/** Normal distribution function (Abramowitz, Stegun 1964, 26.2.17). */
function normal(x) {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const tail = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)
    * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return x > 0 ? 1 - tail : tail;
}
