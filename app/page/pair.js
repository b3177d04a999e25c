// Two images: their energy, the decision at an operating point, and what it is worth.

import { curlOf, example, Refusal, verify } from "./api.js";
import { h, say } from "./dom.js";
import { histogramPlot, legend } from "./plots.js";
import { Slot, pasted } from "./slot.js";
import { figure, likelihood, percent, worth } from "./words.js";

const FACES = [
  ["Ann twice", "ann-1.jpg", "ann-2.jpg"],
  ["Ann and Ben", "ann-1.jpg", "ben-1.jpg"],
];
const SIGNS = [
  ["One sign twice", "sign-a-1.png", "sign-a-2.png"],
  ["Two signs", "sign-a-1.png", "sign-b-1.png"],
];

/** The view of two images. */
export class PairView {
  constructor() {
    this.model = null;
    this.fmr = null;
    this.round = 0;
    this.slots = ["First image", "Second image"].map((title, i) => new Slot(title, i + 1, () => this.compare()));
    this.verdict = document.getElementById("verdict");
    this.examples = document.getElementById("examples");
    document.getElementById("slots").append(...this.slots.map((slot) => slot.element));
  }

  /** Decide by another model from now on. */
  use(model) {
    this.model = model;
    this.fmr = defaultRate(model.calibration);
    const signs = drawsSigns(model);
    for (const slot of this.slots) slot.canDraw(signs);
    this.examples.replaceChildren(
      h("span", {}, "Or try"),
      ...(signs ? SIGNS : FACES).map(([title, ...names]) =>
        h("button", { type: "button", class: "quiet", onclick: () => this.tryOut(names) }, title)));
    for (const slot of this.slots) slot.show();
    this.compare();
  }

  async tryOut(names) {
    try {
      const files = await Promise.all(names.map(example));
      this.slots[0].file = null; // Else the second would be compared with what was there before.
      this.slots[1].take(files[1]);
      this.slots[0].take(files[0]);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.fail(error, () => this.tryOut(names));
    }
  }

  /** Put a pasted image where there is none, or else in the second's place. */
  paste(event) {
    const [file] = pasted(event);
    if (file) (this.slots.find((slot) => !slot.file) ?? this.slots[1]).take(file);
  }

  async compare() {
    if (!this.model) return;
    const round = (this.round += 1);
    this.verdict.hidden = true;
    const [one, other] = this.slots;
    for (const slot of this.slots) slot.fail(null);
    const seen = this.slots.map((slot) => slot.see(this.model.name));
    if (!one.file || !other.file) return;
    this.show(h("p", { class: "busy" }, "Comparing …"));
    try {
      const answer = await verify(one.file, other.file, this.model.name);
      if (round === this.round) this.tell(answer);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (round === this.round) this.fail(error);
    }
    await Promise.all(seen);
  }

  show(...content) {
    this.verdict.replaceChildren(...content.filter((part) => part !== null));
    this.verdict.hidden = false;
  }

  fail(refusal, action = () => this.compare()) {
    const blamed = this.slots.filter((_, i) => refusal.detail.startsWith(`image${i + 1}:`));
    for (const slot of blamed) slot.fail(refusal);
    if (blamed.length) this.verdict.hidden = true;
    else this.show(h("p", { class: "error" }, h("strong", {}, `${refusal.title}. `), refusal.detail), again(action));
    say(`${refusal.title}. ${refusal.detail}`);
  }

  tell(answer) {
    const { calibration } = this.model;
    const offered = supported(calibration);
    const badge = h("p", { class: "badge" });
    const sentence = h("p", { class: "sentence" });
    const odds = h("p", {});
    const plot = h("div", {});
    const command = h("code", { tabIndex: 0 });
    const decide = () => {
      const point = offered.find(({ target_fmr }) => target_fmr === this.fmr) ?? offered[0];
      const same = answer.energy <= point.threshold;
      badge.textContent = same ? "Same" : "Different";
      badge.classList.toggle("different", !same);
      sentence.textContent = worth(same, point.test);
      odds.textContent = likelihood(answer.likelihood_ratio, calibration.likelihood_ratio, same);
      plot.replaceChildren(histogramPlot(calibration.histogram, point.threshold, answer.energy));
      command.textContent = curlOf(this.slots[0].file, this.slots[1].file, this.model.name, this.fmr);
      say(`${badge.textContent}. ${sentence.textContent}`);
    };
    this.show(
      h("div", { class: "decision" }, badge, sentence),
      odds,
      h("p", { class: "energy" }, "Energy ", h("strong", {}, figure(answer.energy)), `, by ${this.model.name} ${this.model.version}`),
      plot,
      h("p", { class: "legend" }, ...legend().map((entry) => h("span", {}, ...entry))),
      slider(offered, this.fmr, (fmr) => {
        this.fmr = fmr;
        decide();
      }),
      unsupported(calibration),
      h("h3", {}, "The same in a shell"),
      h("div", { class: "command" }, h("pre", {}, command), copying(command)),
    );
    decide();
  }
}

/**
 * The supported operating points that have a target, strict ones last. Few people vouch for none:
 * then the default one, which aims at none.
 */
export function supported(calibration) {
  const points = calibration.operating_points;
  const offered = points.filter((point) => point.supported && point.target_fmr !== null);
  return offered.length ? offered.sort((a, b) => b.target_fmr - a.target_fmr) : [points[calibration.default]];
}

/** The target FMR that is decided by at first; null where none is supported. */
export function defaultRate(calibration) {
  const first = calibration.operating_points[calibration.default];
  const offered = supported(calibration);
  return (offered.find((point) => point.target_fmr === first.target_fmr) ?? offered[0]).target_fmr;
}

/** Whether a model compares hand-drawn signs. */
export function drawsSigns(model) {
  return model.provenance.data.startsWith("omniglot");
}

/** A slider over the operating points; `chosen` is told the target FMR. */
export function slider(offered, fmr, chosen) {
  const words = ({ target_fmr, test }) =>
    `${target_fmr === null ? "Where both errors are equal" : percent(target_fmr)}: of pairs never seen in training, ${percent(test.fmr)} of the different ones pass and ${percent(test.fnmr)} of the same ones are missed.`;
  if (offered.length < 2) return h("p", { class: "hint" }, words(offered[0]));
  const told = h("output", { htmlFor: "fmr" });
  const input = h("input", {
    type: "range", id: "fmr", min: 0, max: offered.length - 1, step: 1,
    oninput: () => update(),
  });
  input.value = Math.max(0, offered.findIndex(({ target_fmr }) => target_fmr === fmr));
  const show = () => {
    told.textContent = words(offered[input.value]);
    input.setAttribute("aria-valuetext", told.textContent);
  };
  const update = () => {
    show();
    chosen(offered[input.value].target_fmr);
  };
  show();
  return h("div", { class: "slider" },
    h("label", { htmlFor: "fmr" }, "How strict? Target false match rate"),
    h("div", { class: "scale" }, h("span", {}, percent(offered[0].target_fmr)), input, h("span", {}, percent(offered.at(-1).target_fmr))),
    told);
}

/** Why stricter operating points are not offered. */
function unsupported(calibration) {
  const others = calibration.operating_points.filter((point) => !point.supported && point.target_fmr !== null);
  if (!others.length) return null;
  const rates = others.map(({ target_fmr }) => percent(target_fmr)).join(" and ");
  return h("p", { class: "hint" }, `Not offered: ${rates}. The people or things that the thresholds were chosen on are too few to vouch for that.`);
}

function again(action) {
  return h("button", { type: "button", onclick: action }, "Try again");
}

function copying(command) {
  const button = h("button", { type: "button", class: "quiet" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(command.textContent);
      button.textContent = "Copied";
    } catch {
      // Without a clipboard, as over plain http, it is marked for the keys to copy.
      getSelection().selectAllChildren(command);
      button.textContent = "Marked: press Ctrl+C";
    }
    say(button.textContent);
  });
  return button;
}
