// View of two images: their energy, the decision at an operating point, and its error rates.

import { curlOf, example, Refusal, verify } from "./api.js";
import { costsForm } from "./costs.js";
import { h, announce, refusalText, TOUCH } from "./dom.js";
import { Slot, pastedImages } from "./slot.js";
import { Verdict } from "./verdict.js";
import { byThreshold, byZone, percent, withoutRates } from "./words.js";

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
    this.costs = null; // Of the two errors; null for a decision by a threshold.
    this.face = null; // Rule for images that show several things.
    this.round = 0;
    const pick = (face) => {
      this.face = face;
      this.compare();
    };
    this.slots = ["First image", "Second image"].map((title, i) => new Slot(title, i + 1, () => this.compare(), pick));
    this.verdict = document.getElementById("verdict");
    this.examples = document.getElementById("examples");
    document.getElementById("slots").append(...this.slots.map((slot) => slot.element));
  }

  /** Change the model, and compare again. */
  use(model) {
    this.model = model;
    this.face = null;
    this.fmr = defaultRate(model.calibration);
    const signs = comparesSigns(model);
    for (const slot of this.slots) slot.allowDrawing(signs);
    this.examples.replaceChildren(
      h("span", {}, "Or try"),
      ...(signs ? SIGNS : FACES).map(([title, ...names]) =>
        h("button", { type: "button", class: "quiet", onclick: () => this.loadExamples(names) }, title)));
    for (const slot of this.slots) slot.show();
    this.compare();
  }

  async loadExamples(names) {
    try {
      const files = await Promise.all(names.map(example));
      this.slots[0].file = null; // Otherwise the second is compared with the previous first image.
      this.slots[1].take(files[1]);
      this.slots[0].take(files[0]);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.fail(error, () => this.loadExamples(names));
    }
  }

  /** Put a pasted image into an empty slot, or replace the second image. */
  paste(event) {
    const [file] = pastedImages(event);
    if (file) (this.slots.find((slot) => !slot.file) ?? this.slots[1]).take(file);
  }

  async compare() {
    if (!this.model) return;
    const round = (this.round += 1);
    this.verdict.hidden = true;
    const [one, other] = this.slots;
    for (const slot of this.slots) {
      slot.fail(null);
      slot.mark(null);
    }
    const previews = this.slots.map((slot) => slot.showPreview(this.model.name, this.face));
    if (!one.file || !other.file) return;
    this.show(h("p", { class: "busy" }, "Comparing …"));
    try {
      const answer = await verify(one.file, other.file, this.model.name, { ...this.costs, ...this.rule() });
      if (round === this.round) this.showResult(answer);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (round === this.round) this.fail(error);
    }
    await Promise.all(previews);
  }

  show(...content) {
    this.verdict.replaceChildren(...content.filter((part) => part !== null));
    this.verdict.hidden = false;
  }

  fail(refusal, action = () => this.compare()) {
    const blamed = this.slots.filter((_, i) => refusal.detail.startsWith(`image${i + 1}:`));
    for (const slot of blamed) slot.fail(refusal);
    if (blamed.length) this.verdict.hidden = true;
    else this.show(h("p", { class: "error", role: "alert" }, refusalText(refusal)), retryButton(action));
  }

  showResult(answer) {
    this.slots.forEach((slot, i) => slot.mark(answer.located?.[i]));
    const verdict = new Verdict(answer, this.model);
    const command = h("code", { tabIndex: 0 });
    const tell = () => {
      command.textContent = curlOf(this.slots[0].file, this.slots[1].file, this.model.name, this.choices());
    };
    this.show(
      ...verdict.elements,
      ...(this.costs === null ? this.showThreshold(verdict, tell) : showZone(verdict)),
      costsForm(this.costs, (costs) => {
        this.costs = costs;
        this.compare();
      }),
      h("h3", {}, "The same call in a shell"),
      h("div", { class: "command" }, h("pre", {}, command), copyButton(command)),
    );
    tell();
  }

  /** Parameters of the decision, as /verify takes them. */
  choices() {
    if (this.costs !== null) return { ...this.costs, ...this.rule() };
    return { ...(this.fmr === null ? {} : { fmr: this.fmr }), ...this.rule() };
  }

  rule() {
    return this.face === null ? {} : { face: this.face };
  }

  /** Decide by the threshold of the slider, which sends nothing. */
  showThreshold(verdict, moved) {
    const { calibration, accuracy } = this.model;
    const { energy, domain, withheld } = verdict.answer;
    const offered = supported(calibration);
    const decide = () => {
      const point = offered.find(({ target_fmr }) => target_fmr === this.fmr) ?? offered[0];
      const { threshold } = point;
      const decision = withheld ? withoutRates(energy, point, domain) : byThreshold(energy, point, accuracy.curve);
      verdict.show(decision, { low: threshold, high: threshold });
    };
    decide();
    const choose = (fmr) => {
      this.fmr = fmr;
      decide();
      moved();
    };
    return [slider(offered, this.fmr, choose, !withheld), unsupported(calibration)];
  }
}

/** Decide by the zone of the answer. */
function showZone(verdict) {
  const { zone } = verdict.answer;
  verdict.show(byZone(verdict.answer), zone);
  return [];
}

/**
 * Supported operating points with a target FMR, strict ones last. With too few people for any of
 * them, the default point, which has no target.
 */
export function supported(calibration) {
  const points = calibration.operating_points;
  const offered = points.filter((point) => point.supported && point.target_fmr !== null);
  return offered.length ? offered.sort((a, b) => b.target_fmr - a.target_fmr) : [points[calibration.default]];
}

/** Target FMR of the first decision; null if none is supported. */
export function defaultRate(calibration) {
  const first = calibration.operating_points[calibration.default];
  const offered = supported(calibration);
  return (offered.find((point) => point.target_fmr === first.target_fmr) ?? offered[0]).target_fmr;
}

/** Test whether a model compares hand-drawn signs. */
export function comparesSigns(model) {
  return (model.provenance ?? model.adoption).data.startsWith("omniglot");
}

/** Slider over the operating points; `chosen` is called with the target FMR. `apply`: whether their rates do. */
export function slider(offered, fmr, chosen, apply = true) {
  const name = ({ target_fmr }) => (target_fmr === null ? "Where both errors are equal" : percent(target_fmr));
  const words = (point) => `${name(point)}: ${apply ? rates(point) : "this rate does not apply to these images."}`;
  const rates = ({ test }) =>
    `of the test pairs, ${percent(test.fmr)} of the different ones are called the same, and ${percent(test.fnmr)} of the same ones different.`;
  if (offered.length < 2) return h("p", { class: "hint" }, words(offered[0]));
  const output = h("output", { htmlFor: "fmr" });
  const input = h("input", {
    type: "range", id: "fmr", min: 0, max: offered.length - 1, step: 1,
    oninput: () => update(),
  });
  input.value = Math.max(0, offered.findIndex(({ target_fmr }) => target_fmr === fmr));
  const show = () => {
    output.textContent = words(offered[input.value]);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  const update = () => {
    show();
    chosen(offered[input.value].target_fmr);
  };
  show();
  return h("div", { class: "slider" },
    h("label", { htmlFor: "fmr" }, "How strict? Target false match rate (FMR): the share of different pairs called the same"),
    h("div", { class: "scale" }, h("span", {}, percent(offered[0].target_fmr)), input, h("span", {}, percent(offered.at(-1).target_fmr))),
    output);
}

/** Note on the operating points that are not supported. */
function unsupported(calibration) {
  const others = calibration.operating_points.filter((point) => !point.supported && point.target_fmr !== null);
  if (!others.length) return null;
  const rates = others.map(({ target_fmr }) => percent(target_fmr)).join(" and ");
  return h("p", { class: "hint" }, `Not offered: ${rates}. The thresholds were chosen on too few people or things to support these operating points (a threshold and its error rates).`);
}

function retryButton(action) {
  return h("button", { type: "button", onclick: action }, "Try again");
}

function copyButton(command) {
  const button = h("button", { type: "button", class: "quiet" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(command.textContent);
      button.textContent = "Copied";
    } catch {
      // Without a clipboard, as over plain HTTP, select the command for Ctrl+C.
      getSelection().selectAllChildren(command);
      button.textContent = TOUCH ? "Selected" : "Selected: press Ctrl+C";
    }
    announce(button.textContent);
  });
  return button;
}
