// The decision on two images: badge, sentences, energy and histogram.

import { h, announce } from "./dom.js";
import { histogramPlot, legend } from "./plots.js";
import { distance, figure, likelihood, likeness, modelName } from "./words.js";

/** Elements of a decision, which is changed in place while the slider moves. */
export class Verdict {
  /**
   * @param {object} answer Answer of /verify.
   * @param {object} model Manifest of the model that answered.
   */
  constructor(answer, model) {
    this.answer = answer;
    this.model = model;
    const { domain } = answer;
    this.badge = h("p", {});
    this.sentence = h("p", { class: "sentence" });
    this.margin = h("p", { class: "margin" });
    this.odds = h("p", { class: "odds" });
    this.place = h("span", {});
    this.plot = h("div", {});
    this.elements = [
      h("div", { class: "decision" }, this.badge, this.sentence),
      this.margin,
      this.odds,
      domain.status === "out" ? null : h("p", { class: "hint domain" }, likeness(domain)),
      h("p", { class: "energy" }, "Energy ", h("strong", {}, figure(answer.energy)), this.place, `, by ${modelName(answer.model)}`),
      this.plot,
      h("p", { class: "legend" }, ...legend().map((entry) => h("span", {}, ...entry))),
    ];
  }

  /**
   * Show a decision.
   * @param {{kind: string, near: boolean, badge: string, sentence: string, margin: string|null}} decision
   * @param {{low: number|null, high: number|null}|null} limits Two equal ones are a threshold.
   */
  show({ kind, near, badge, sentence, margin }, limits) {
    const { answer, model } = this;
    const { histogram, likelihood_ratio: bounds } = model.calibration;
    this.badge.textContent = badge;
    this.badge.className = `badge ${kind}${near ? " near" : ""}`;
    this.sentence.textContent = sentence;
    this.margin.textContent = margin ?? "";
    this.margin.hidden = !margin;
    this.odds.hidden = answer.likelihood_ratio === null;
    if (!this.odds.hidden) this.odds.textContent = likelihood(answer.likelihood_ratio, bounds, kind, answer.likelihood_ratio_interval);
    this.place.textContent = limits !== null && limits.low === limits.high ? `, ${distance(answer.energy, limits.low)}` : "";
    this.plot.replaceChildren(histogramPlot(histogram, limits, answer.energy));
    announce(`${badge}. ${sentence}`);
  }
}
