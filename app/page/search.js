// Search of a gallery: the candidates for a picture, and how often such a search is wrong.

import { Refusal } from "./api.js";
import { h, announce } from "./dom.js";
import { identify } from "./gallery_calls.js";
import { energyText, found, targets } from "./gallery_words.js";
import { comparesSigns } from "./pair.js";
import { Slot } from "./slot.js";
import { count, figure, likeness, modelName, percent, unlike } from "./words.js";

/** The search of a gallery. */
export class Search {
  /** @param {(refusal: Refusal) => Element} told Makes the element of an error. */
  constructor(told) {
    this.told = told;
    this.gallery = null;
    this.manifest = null;
    this.round = 0;
    this.face = null;
    this.target = null; // Target FPIR; null for the service's choice.
    this.slot = new Slot("Picture", 0, () => this.run(), (face) => {
      this.face = face;
      this.run();
    });
    this.threshold = h("input", { type: "number", id: "own-threshold", min: 0, step: "any", onchange: () => this.run() });
    this.strictness = h("div", { class: "strictness" });
    this.answer = h("div", { class: "answer" });
    const choices = h("details", { class: "costs" }, h("summary", {}, "Decide otherwise"),
      this.strictness,
      h("label", { htmlFor: "own-threshold" }, "A threshold of your own on the energy", this.threshold));
    this.element = h("section", { "aria-label": "Identify" }, this.slot.element, choices, this.answer);
  }

  /** Show another gallery. */
  use(gallery) {
    this.gallery = gallery;
    this.target = null;
    this.face = null;
    this.threshold.value = "";
    this.manifest = null;
    this.round += 1; // What is searched in the gallery before is not shown.
    this.answer.replaceChildren();
  }

  /** Set the manifest of the gallery's model; null where the service does not have it. */
  model(manifest) {
    this.manifest = manifest;
    this.slot.allowDrawing(manifest !== null && comparesSigns(manifest));
    this.resize(this.gallery);
    this.run();
  }

  /** Take the gallery with its present number of identities. */
  resize(gallery) {
    this.gallery = gallery;
    const offered = gallery ? targets(this.manifest, gallery.identities) : [];
    if (!offered.includes(this.target)) this.target = null;
    const select = h("select", { id: "target-fpir", onchange: () => {
      this.target = Number(select.value);
      this.run();
    } }, ...offered.map((target) => h("option", { value: target, selected: target === this.target }, percent(target))));
    this.strictness.replaceChildren(...(offered.length > 1
      ? [h("label", { htmlFor: "target-fpir" }, "Share of pictures of nobody in the gallery that may match (FPIR)", select)]
      : []));
  }

  async run() {
    const round = (this.round += 1);
    this.slot.fail(null);
    this.slot.mark(null);
    this.answer.replaceChildren();
    if (!this.slot.file || !this.gallery) return;
    this.answer.append(h("p", { class: "busy" }, "Searching …"));
    const preview = this.manifest ? this.slot.showPreview(this.manifest.name, this.face) : null;
    try {
      const answer = await identify(this.gallery.name, this.slot.file, this.choices());
      if (round === this.round) this.show(answer);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (round === this.round) this.fail(error);
    }
    await preview;
  }

  choices() {
    return {
      ...(this.face === null ? {} : { face: this.face }),
      ...(this.threshold.value === "" ? {} : { threshold: this.threshold.value }),
      ...(this.target === null || this.threshold.value !== "" ? {} : { target_fpir: this.target }),
    };
  }

  fail(refusal) {
    this.answer.replaceChildren();
    if (refusal.detail.startsWith("image")) this.slot.fail(refusal);
    else this.answer.append(this.told(refusal), h("button", { type: "button", onclick: () => this.run() }, "Try again"));
  }

  show(answer) {
    this.slot.mark(answer.located?.[0]);
    const { kind, badge, sentence } = found(answer);
    const { domain } = answer;
    const limit = answer.threshold === null ? "" : `, threshold ${figure(answer.threshold)}`;
    this.answer.replaceChildren(
      h("div", { class: "decision" }, h("p", { class: `badge ${kind}` }, badge), h("p", { class: "sentence" }, sentence)),
      h("p", { class: "hint domain" }, domain.status === "out" ? unlike(domain, ["the picture"]) : likeness(domain)),
      h("p", { class: "hint" }, `The nearest of ${count(answer.size)}, by ${modelName(answer.model)}${limit}`),
      candidates(answer.candidates));
    announce(`${badge}. ${sentence}`);
  }
}

function candidates(list) {
  if (!list.length) return null;
  const row = ({ identity, rank, energy, images, decision }) => h("tr", { class: decision === "same" ? "same" : "" },
    h("td", {}, String(rank)),
    h("th", { scope: "row" }, identity),
    h("td", {}, energyText(energy)),
    h("td", {}, decision ?? "undecided"),
    h("td", {}, count(images)));
  return h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Candidates" },
    h("table", { class: "rates names candidates" },
      h("thead", {}, h("tr", {}, ...["Rank", "Identity", "Energy", "Decision", "Images"].map((title) => h("th", { scope: "col" }, title)))),
      h("tbody", {}, ...list.map(row))));
}
