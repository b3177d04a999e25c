// View of a gallery: choosing or making one, and its parts.

import { manifest, Refusal } from "./api.js";
import { h, refusalText } from "./dom.js";
import { Enrolment } from "./enrolment.js";
import { galleries, makeGallery } from "./gallery_calls.js";
import { Identities } from "./identities.js";
import { Search } from "./search.js";
import { pastedImages } from "./slot.js";
import { count, modelName } from "./words.js";

const UNAUTHORISED = 401;
const FORBIDDEN = 403;
const FIRST_NAME = "people";

/** The view of a gallery. */
export class GalleryView {
  /** @param {(refusal: Refusal) => void} askForKey Called where the user wants to use another API key. */
  constructor(askForKey) {
    this.askForKey = askForKey;
    this.model = null; // Chosen in the head of the page; a new gallery is of this one.
    this.list = [];
    this.gallery = null;
    this.round = 0;
    const told = (refusal) => refusalBox(refusal, askForKey);
    const changed = () => this.reload();
    this.enrolment = new Enrolment(changed, told);
    this.search = new Search(told);
    this.identities = new Identities(changed, told);
    this.parts = [this.search, this.enrolment, this.identities];
    this.told = told;
    this.head = h("div", {});
    this.body = h("div", { hidden: true }, ...this.parts.map((part) => part.element));
    document.getElementById("gallery-content").append(this.head, this.body);
  }

  use(model) {
    this.model = model;
    const of = this.head.querySelector(".of");
    if (of) of.textContent = model.name;
  }

  paste(event) {
    const [file] = pastedImages(event);
    if (file && this.gallery) this.search.slot.take(file);
  }

  /** Load the galleries and show one. */
  async open() {
    const round = (this.round += 1);
    if (!this.gallery) this.head.replaceChildren(h("p", { class: "busy" }, "Loading …"));
    try {
      const list = await galleries();
      if (round === this.round) this.showList(list);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.status === UNAUTHORISED) this.askForKey(error);
      if (round === this.round) this.showTrouble(error);
    }
  }

  /** Load the numbers of identities again, and the shown page of them. */
  async reload() {
    await this.open();
    await this.identities.load();
  }

  showTrouble(refusal) {
    this.body.hidden = true;
    this.gallery = null;
    if (refusal.slug === "no-gallery-store") {
      this.head.replaceChildren(h("div", { class: "notice" },
        h("p", {}, h("strong", {}, "This service has no galleries."), " It keeps nothing unless a setting names a store."),
        h("p", {}, refusalText(refusal))));
      return;
    }
    this.head.replaceChildren(this.told(refusal), h("button", { type: "button", onclick: () => this.open() }, "Try again"));
  }

  showList(list) {
    this.list = list;
    const again = list.find(({ name }) => name === this.gallery?.name);
    this.show(again ?? list[0] ?? null, again === undefined);
  }

  /** Show a gallery; `other`: whether it was another one before. */
  show(gallery, other) {
    this.gallery = gallery;
    this.body.hidden = gallery === null;
    this.head.replaceChildren(...(gallery ? [this.chooser(gallery)] : []), this.maker(gallery === null));
    for (const part of this.parts) part.resize(gallery);
    if (gallery && other) this.change(gallery);
  }

  async change(gallery) {
    for (const part of this.parts) part.use(gallery, null);
    const model = await manifest(gallery.model.name).catch((error) => {
      if (!(error instanceof Refusal)) throw error;
      return null; // The model is served no more: names can be listed and erased.
    });
    if (gallery.name === this.gallery?.name) for (const part of this.parts) part.model(model);
  }

  chooser(gallery) {
    const options = this.list.map(({ name }) => h("option", { value: name, selected: name === gallery.name }, name));
    const select = h("select", { id: "gallery-name", onchange: () => this.show(this.list.find(({ name }) => name === select.value), true) }, ...options);
    const of = `${count(gallery.identities)} ${gallery.identities === 1 ? "identity" : "identities"}, of ${modelName(gallery.model)}`;
    return h("p", { class: "gallery-head" }, h("label", { htmlFor: "gallery-name" }, "Gallery"), select, h("span", { class: "hint" }, of));
  }

  maker(open) {
    const name = h("input", { type: "text", id: "new-gallery", maxLength: 64, required: true, autocomplete: "off", value: open ? FIRST_NAME : "" });
    const error = h("div", {});
    const form = h("form", { onsubmit: (event) => {
      event.preventDefault();
      this.make(name.value, error);
    } },
      h("label", { htmlFor: "new-gallery" }, "Name"), name,
      h("button", { type: "submit" }, "Make the gallery"),
      h("span", { class: "hint" }, "of the model ", h("span", { class: "of" }, this.model?.name ?? ""), ", chosen above"));
    return h("details", { class: "maker", open }, h("summary", {}, open ? "Make a gallery" : "Make another gallery"), form, error);
  }

  async make(name, error) {
    error.replaceChildren();
    try {
      const made = await makeGallery(name, this.model.name);
      this.gallery = null;
      const list = await galleries();
      this.list = list;
      this.show(list.find((each) => each.name === made.name) ?? made, true);
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      error.replaceChildren(this.told(refusal));
    }
  }
}

/** An error with its sentence; where a key does not allow the call, with a button to use another one. */
function refusalBox(refusal, askForKey) {
  const wanted = [UNAUTHORISED, FORBIDDEN].includes(refusal.status);
  return h("div", { class: "error", role: "alert" }, h("p", {}, refusalText(refusal)),
    wanted ? h("button", { type: "button", class: "quiet", onclick: () => askForKey(refusal) }, "Use another API key") : null);
}
