// List of a gallery's identities, a page at a time: erasing, and who is near whom.

import { Refusal } from "./api.js";
import { h, announce } from "./dom.js";
import { erase, identities, neighbours } from "./gallery_calls.js";
import { byAccident, energyText, nearestPairs, receiptText } from "./gallery_words.js";
import { count } from "./words.js";

const PAGE = 20;
const NEAREST = 5;
const NEAREST_OF_EACH = 3;
const PAIRS = 20;
const AT_A_TIME = 4;

/** The list of identities. */
export class Identities {
  /**
   * @param {() => void} changed Called after an identity was erased.
   * @param {(refusal: Refusal) => Element} told Makes the element of an error.
   */
  constructor(changed, told) {
    this.changed = changed;
    this.told = told;
    this.gallery = null;
    this.manifest = null;
    this.round = 0;
    this.before = [""]; // The `after` of each page up to the shown one.
    this.shown = [];
    this.list = h("ul", { class: "people" });
    this.pager = h("div", { class: "buttons" });
    this.said = h("div", { tabIndex: -1 });
    this.near = h("div", { class: "near" });
    this.element = h("section", { class: "panel", "aria-labelledby": "identities-title" },
      h("h2", { id: "identities-title" }, "Enrolled identities"), this.said, this.list, this.pager, this.near);
  }

  use(gallery) {
    this.gallery = gallery;
    this.before = [""];
    this.said.replaceChildren();
    this.load();
  }

  model(manifest) {
    this.manifest = manifest;
  }

  resize(gallery) {
    this.gallery = gallery;
  }

  /** Load the shown page again. */
  async load() {
    const round = (this.round += 1);
    this.near.replaceChildren();
    if (!this.gallery) return;
    try {
      const page = await identities(this.gallery.name, this.before.at(-1), PAGE);
      if (round !== this.round) return;
      if (!page.identities.length && this.before.length > 1) await this.turn(-1); // All of the page were erased.
      else this.show(page);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (round === this.round) this.fail(error);
    }
  }

  /** Show the next page, after a name, or with -1 the one before. */
  async turn(after) {
    if (after === -1) this.before.pop();
    else this.before.push(after);
    await this.load();
  }

  fail(refusal) {
    this.said.replaceChildren(this.told(refusal));
  }

  show({ identities: shown, next }) {
    this.shown = shown;
    this.list.replaceChildren(...(shown.length ? shown.map((each) => this.item(each)) : [h("li", { class: "hint" }, "Nobody is enrolled yet")]));
    const page = this.before.length;
    const button = (text, go) => h("button", { type: "button", class: "quiet", onclick: go }, text);
    this.pager.replaceChildren(
      ...(page > 1 ? [button("Previous", () => this.turn(-1))] : []),
      ...(next ? [button("Next", () => this.turn(next))] : []),
      page > 1 || next ? h("span", { class: "hint" }, `Page ${count(page)}, by name`) : "",
      ...(shown.length > 1 ? [button("Nearest pairs of these", () => this.showPairs())] : []));
  }

  item({ name, images, enrolled }) {
    const when = h("time", { dateTime: enrolled }, enrolled.slice(0, 10));
    const buttons = h("span", { class: "buttons" });
    const rest = () => buttons.replaceChildren(
      h("button", { type: "button", class: "quiet", "aria-label": `Who is near ${name}`, onclick: () => this.showNear(name) }, "Near"),
      h("button", { type: "button", class: "quiet", "aria-label": `Erase ${name}`, onclick: () => ask() }, "Erase"));
    const ask = () => {
      const keep = h("button", { type: "button", class: "quiet", onclick: () => {
        rest();
        buttons.lastChild.focus();
      } }, "Keep");
      buttons.replaceChildren(
        h("span", {}, "Erase for good?"),
        h("button", { type: "button", "aria-label": `Erase ${name} for good`, onclick: () => this.erase(name) }, "Erase"),
        keep);
      keep.focus();
    };
    rest();
    return h("li", {}, h("span", { class: "who" }, h("strong", {}, name), h("small", {}, `${count(images)} ${images === 1 ? "image" : "images"}, `, when)), buttons);
  }

  async erase(name) {
    try {
      const text = receiptText(name, await erase(this.gallery.name, name));
      this.said.replaceChildren(h("p", { class: "notice" }, text));
      this.said.focus(); // The button that had the focus goes.
      announce(text);
      await this.changed();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.fail(error);
    }
  }

  /** Show the nearest of all to one identity. */
  async showNear(name) {
    await this.look([name], NEAREST, (answers) => {
      const others = answers[0]?.others ?? 0;
      return [`Near ${name}`, `The nearest of ${count(others)} others.`];
    });
  }

  /** Show the nearest pairs of the identities of the page with all others. */
  async showPairs() {
    const names = this.shown.map(({ name }) => name);
    await this.look(names, NEAREST_OF_EACH, () => [
      "Nearest pairs",
      `For each of the ${count(names.length)} identities above its ${NEAREST_OF_EACH} nearest of the whole gallery were looked up; these are the nearest ${PAIRS} of the pairs, at most.`,
    ]);
  }

  async look(names, top, titled) {
    const round = (this.round += 1);
    this.near.replaceChildren(h("p", { class: "busy" }, "Comparing …"));
    try {
      const answers = await eachOf(names, (name) => neighbours(this.gallery.name, name, top));
      if (round !== this.round) return;
      const pairs = nearestPairs(answers).slice(0, PAIRS);
      const [title, note] = titled(answers);
      this.near.replaceChildren(h("h3", { tabIndex: -1 }, title), h("p", { class: "hint" }, note), ...this.table(pairs));
      this.near.firstChild.focus();
      announce(`${title}. ${note}`);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (round === this.round) this.near.replaceChildren(this.told(error));
    }
  }

  table(pairs) {
    if (!pairs.length) return [h("p", {}, "There is nobody else.")];
    const row = (pair) => h("tr", {},
      h("th", { scope: "row" }, pair.names[0]), h("td", { class: "other" }, pair.names[1]),
      h("td", {}, energyText(pair.energy)), h("td", {}, byAccident(pair, this.manifest)));
    const titles = ["Identity", "Other", "Energy", "Others as near by accident"];
    return [
      h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Pairs" },
        h("table", { class: "rates names" },
          h("thead", {}, h("tr", {}, ...titles.map((title) => h("th", { scope: "col" }, title)))),
          h("tbody", {}, ...pairs.map(row)))),
      h("p", { class: "hint" }, "By accident: the number of others times the false match rate of two images at that energy, on the test people or things. Where it is far below 1, the two may be one under two names."),
    ];
  }
}

/** The results of a call for each name, a few at a time; a name that is gone meanwhile has none. */
async function eachOf(names, call) {
  const left = [...names.entries()];
  const results = [];
  const work = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      try {
        results[next[0]] = await call(next[1]);
      } catch (error) {
        if (!(error instanceof Refusal) || error.slug !== "unknown-identity") throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return results.filter(Boolean);
}
