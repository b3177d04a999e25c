// Enrolment of identities: one with several images, or many whose names their files give.

import { Refusal } from "./api.js";
import { h, announce, photo, refusalText, TOUCH } from "./dom.js";
import { droppedFiles } from "./dropped.js";
import { enrol } from "./gallery_calls.js";
import { grouped } from "./gallery_words.js";
import { count, modelName, unlike } from "./words.js";

const MAX_IMAGES = 32;
const MAX_SHOWN = 12;
const AT_A_TIME = 4;
const MAX_NAMED = 3;
/** Statuses of an identity whose images or name cannot be used; the others are enrolled all the same. */
const OF_ONE_IDENTITY = [413, 415, 422];

/** The form of enrolments. */
export class Enrolment {
  /**
   * @param {() => void} changed Called after identities were enrolled.
   * @param {(refusal: Refusal) => Element} told Makes the element of an error.
   */
  constructor(changed, told) {
    this.changed = changed;
    this.told = told;
    this.gallery = null;
    this.round = 0;
    this.chosen = []; // {file, path}
    this.urls = [];
    this.several = false;
    this.name = h("input", { type: "text", id: "identity-name", maxLength: 128, autocomplete: "off" });
    this.most = h("input", { type: "number", id: "images-of-each", min: 1, max: MAX_IMAGES, value: 1, onchange: () => this.show() });
    this.files = this.input("enrol-images", {});
    this.folder = this.input("enrol-folder", { webkitdirectory: true, hidden: TOUCH });
    this.pictures = h("ul", { class: "chosen" });
    this.plan = h("p", { class: "hint", role: "status" });
    this.said = h("div", { class: "said" });
    this.element = this.build();
    this.show();
  }

  input(id, properties) {
    const input = h("input", { type: "file", multiple: true, id, class: "unseen", ...properties, onchange: () => {
      this.add([...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
      input.value = "";
    } });
    return input;
  }

  build() {
    const mode = (several, text) => h("label", {}, h("input", { type: "radio", name: "enrol-mode", checked: several === this.several, onchange: () => {
      this.several = several;
      this.show();
    } }), text);
    this.ofOne = h("label", { htmlFor: "identity-name" }, "Name", this.name);
    this.ofMany = h("label", { htmlFor: "images-of-each" }, "Images of each, at most", this.most);
    const form = h("form", { class: "enrol", onsubmit: (event) => {
      event.preventDefault();
      this.run(this.identities());
    } },
      h("h2", { id: "enrol-title" }, "Enrol"),
      h("fieldset", {}, h("legend", { class: "unseen" }, "How many"),
        mode(false, "One identity"), mode(true, TOUCH ? "Many: each file's name is an identity" : "Many: each folder's or file's name is an identity")),
      this.ofOne, this.ofMany,
      this.files, this.folder, this.pictures, this.plan,
      h("div", { class: "buttons" },
        h("label", { htmlFor: "enrol-images", class: "button quiet" }, "Choose pictures"),
        h("label", { htmlFor: "enrol-folder", class: "button quiet", hidden: TOUCH }, "Choose a folder"),
        h("button", { type: "button", class: "quiet", onclick: () => this.clear() }, "Remove all"),
        h("button", { type: "submit" }, "Enrol")),
      h("p", { class: "hint" }, "A name that is there already is replaced. With several images an identity is found more often, but how often a search is wrong is then not known."),
      this.said);
    const element = h("section", { class: "slot", "aria-labelledby": "enrol-title" }, form);
    element.addEventListener("dragover", (event) => {
      event.preventDefault();
      element.classList.add("over");
    });
    element.addEventListener("dragleave", () => element.classList.remove("over"));
    element.addEventListener("drop", async (event) => {
      event.preventDefault();
      element.classList.remove("over");
      this.add(await droppedFiles(event.dataTransfer));
    });
    return element;
  }

  use(gallery) {
    this.gallery = gallery;
    this.round += 1;
    this.said.replaceChildren();
  }

  model() {}

  resize(gallery) {
    this.gallery = gallery;
  }

  add(chosen) {
    if (chosen.some(({ path }) => path.includes("/")) && !this.several) this.choose(true);
    this.chosen.push(...chosen);
    this.show();
  }

  choose(several) {
    this.several = several;
    this.element.querySelectorAll("[name=enrol-mode]")[Number(several)].checked = true;
  }

  clear() {
    this.chosen = [];
    this.show();
  }

  /** The chosen files by identity. */
  identities() {
    if (this.several) return grouped(this.chosen, Number(this.most.value) || 1);
    return this.chosen.length ? [[this.name.value.trim(), this.chosen.map(({ file }) => file)]] : [];
  }

  show() {
    this.ofOne.hidden = this.several;
    this.ofMany.hidden = !this.several;
    this.name.required = !this.several;
    for (const url of this.urls) URL.revokeObjectURL(url);
    const found = this.identities();
    const files = found.flatMap(([name, of]) => of.map((file) => ({ file, name: this.several ? name : file.name })));
    const shown = files.slice(0, MAX_SHOWN);
    this.urls = shown.map(({ file }) => URL.createObjectURL(file));
    const empty = h("li", { class: "hint" }, TOUCH ? "No pictures yet" : "Drop pictures or folders here");
    this.pictures.replaceChildren(...(shown.length ? shown.map(({ name }, i) => h("li", {}, photo(this.urls[i], name))) : [empty]));
    const names = found.slice(0, MAX_NAMED).map(([name]) => name).join(", ");
    const of = `${count(found.length)} ${found.length === 1 ? "identity" : "identities"}: ${names}${found.length > MAX_NAMED ? " …" : ""}`;
    const pictures = `${count(files.length)} ${files.length === 1 ? "picture" : "pictures"}`;
    this.plan.textContent = files.length ? `${pictures}${this.several ? ` of ${of}` : ""}` : "";
  }

  /** Enrol identities, a few at a time, until all are or one error would befall all. */
  async run(found, face = null) {
    if (!found.length) {
      this.said.replaceChildren(h("p", { class: "error", role: "alert" }, "Choose pictures first."));
      return;
    }
    const round = (this.round += 1);
    const { name: gallery } = this.gallery;
    const left = [...found];
    const state = { done: 0, all: found.length, failed: [], outside: [], fatal: null, last: null };
    this.showProgress(state);
    const work = async () => {
      while (left.length && !state.fatal && round === this.round) {
        const [name, files] = left.shift();
        try {
          state.last = await enrol(gallery, name, files, face);
          state.done += 1;
          if (state.last.domain.status === "out") state.outside.push({ name, files, domain: state.last.domain });
        } catch (refusal) {
          if (!(refusal instanceof Refusal)) throw refusal;
          if (!OF_ONE_IDENTITY.includes(refusal.status)) state.fatal = refusal;
          state.failed.push({ name, files, refusal });
        }
        if (round === this.round) this.showProgress(state);
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, work));
    if (round === this.round) this.showEnd(state);
    if (state.done) await this.changed();
  }

  showProgress({ done, all, failed }) {
    this.said.replaceChildren(
      h("p", {}, h("progress", { max: all, value: done + failed.length, "aria-label": "Enrolled" }), ` ${count(done)} of ${count(all)}`),
      h("button", { type: "button", class: "quiet", onclick: () => this.stop(done, all) }, "Stop"));
  }

  stop(done, all) {
    this.round += 1; // What is under way ends; no further identity is begun.
    this.said.replaceChildren(h("p", { class: "notice" }, `Stopped: ${count(done)} of ${count(all)} are enrolled.`));
  }

  showEnd({ done, all, failed, outside, fatal, last }) {
    const by = last ? `, by ${modelName(last.model)}` : "";
    const text = all === 1 && last ? `${last.name} is ${last.created ? "enrolled" : "replaced"}${by}.` : `${count(done)} of ${count(all)} are enrolled${by}.`;
    const several = failed.filter(({ refusal }) => refusal.slug === "several-located");
    const again = (face, title) => h("button", { type: "button", class: "quiet", onclick: () => this.run(several.map(({ name, files }) => [name, files]), face) }, title);
    const reason = ({ name, refusal }) => h("li", {}, h("strong", {}, name), ": ", ...refusalText(refusal));
    const unlikeness = ({ name, files, domain }) => h("li", {}, h("strong", {}, name), ": ", unlike(domain, files.map((file) => file.name)));
    const unusable = failed.filter(({ refusal }) => refusal !== fatal);
    this.said.replaceChildren(
      ...(done || !fatal ? [h("p", { class: "notice" }, text)] : []),
      ...(fatal ? [this.told(fatal)] : []),
      ...(outside.length ? [h("ul", { class: "failures notice domain" }, ...outside.map(unlikeness))] : []),
      ...(unusable.length ? [h("ul", { class: "failures error", role: "alert" }, ...unusable.map(reason))] : []),
      ...(several.length ? [h("div", { class: "buttons" }, again("largest", "Take the largest"), again("central", "Take the one in the middle"))] : []));
    if (!failed.length) this.clear();
    announce(text);
  }
}
