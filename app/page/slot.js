// A place for one image: chosen, dropped, pasted, photographed or drawn.

import { preview, Refusal } from "./api.js";
import { h } from "./dom.js";
import { Pad } from "./pad.js";

const MOBILE = matchMedia("(pointer: coarse)").matches; // Elsewhere a camera is asked for in vain.

/** One of the two images of a pair. */
export class Slot {
  /**
   * @param {string} title What it is called.
   * @param {number} place Which of the two it is, 1 or 2.
   * @param {() => void} changed Called when another image is there, or none.
   */
  constructor(title, place, changed) {
    this.place = place;
    this.mayDraw = false;
    this.looks = 0;
    this.file = null;
    this.changed = changed;
    this.url = null;
    const id = title.toLowerCase().replaceAll(" ", "-");
    this.input = h("input", { type: "file", accept: "image/*", id, class: "unseen", onchange: () => this.choose(this.input) });
    this.camera = h("input", { type: "file", accept: "image/*", capture: "environment", id: `${id}-camera`, class: "unseen", "aria-label": `Photograph the ${title.toLowerCase()}`, hidden: !MOBILE, onchange: () => this.choose(this.camera) });
    this.pictures = h("div", { class: "pictures" });
    this.error = h("p", { class: "error", role: "alert" });
    this.drawing = h("button", { type: "button", hidden: true, onclick: () => this.draw() }, "Draw");
    this.clearing = h("button", { type: "button", class: "quiet", hidden: true, onclick: () => this.take(null) }, "Remove");
    this.pad = null;
    this.area = h("div", { class: "drop" }, this.pictures);
    this.element = h("section", { class: "slot", "aria-labelledby": `${id}-title` },
      h("h2", { id: `${id}-title` }, title),
      this.input,
      this.camera,
      this.area,
      h("div", { class: "buttons" },
        h("label", { htmlFor: id, class: "button" }, "Choose"),
        h("label", { htmlFor: `${id}-camera`, class: "button", hidden: !MOBILE }, "Photograph"),
        this.drawing,
        this.clearing),
      this.error);
    accepts(this.element, ([file]) => this.take(file));
    this.show();
  }

  choose(input) {
    if (input.files.length) this.take(input.files[0]);
    input.value = "";
  }

  /** Take an image, or none; what was drawn before is put away. */
  take(file) {
    this.pad = null;
    this.put(file);
  }

  put(file) {
    if (this.url) URL.revokeObjectURL(this.url);
    this.file = file;
    this.url = file && URL.createObjectURL(file);
    this.fail(null);
    this.show();
    this.changed();
  }

  draw() {
    this.put(null);
    this.pad = new Pad(`drawn-${this.place}.png`, (file) => this.put(file));
    this.show();
    this.pad.canvas.focus();
  }

  /** Whether a sign may be drawn here. */
  canDraw(may) {
    this.mayDraw = may;
    this.drawing.hidden = !may || this.pad !== null;
    if (!may && this.pad) this.take(null); // Only a model of signs is asked about a drawn one.
  }

  /** Say, beside the image, what is wrong with it. */
  fail(refusal) {
    this.element.classList.toggle("failed", refusal !== null);
    this.error.replaceChildren(...(refusal ? [h("strong", {}, `${refusal.title}. `), refusal.detail] : []));
  }

  show() {
    this.drawing.hidden = !this.mayDraw || this.pad !== null;
    this.clearing.hidden = this.file === null && this.pad === null;
    if (this.pad && this.pictures.contains(this.pad.element)) {
      this.pictures.querySelector(".seen")?.remove();
      return; // Put in anew, the field would lose the focus, and a stroke its end.
    }
    const seen = this.file && !this.pad ? [picture("the image", this.url, this.file.name)] : [];
    const empty = h("p", { class: "hint" }, "Drop or paste an image here");
    const content = this.pad ? [this.pad.element] : seen;
    this.pictures.replaceChildren(...(content.length ? content : [empty]));
  }

  /** Show what the model is given of the image. */
  async see(model) {
    const { file } = this;
    const look = (this.looks += 1);
    if (!file) return;
    try {
      const seen = await preview(file, model);
      if (look !== this.looks) return; // Another image, or another model, is looked at by now.
      const url = URL.createObjectURL(seen);
      this.pictures.querySelector(".seen")?.remove();
      const shown = picture("as the model sees it", url, "the same image as the model sees it");
      shown.querySelector("img").addEventListener("load", () => URL.revokeObjectURL(url));
      shown.classList.add("seen");
      this.pictures.append(shown);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (look === this.looks) this.fail(error);
    }
  }
}

function picture(caption, url, alt) {
  return h("figure", {}, h("img", { src: url, alt }), h("figcaption", {}, caption));
}

/** Let images be dropped on an element; `take` is given those that were. */
export function accepts(element, take) {
  element.addEventListener("dragover", (event) => {
    event.preventDefault();
    element.classList.add("over");
  });
  element.addEventListener("dragleave", () => element.classList.remove("over"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("over");
    if (event.dataTransfer.files.length) take([...event.dataTransfer.files]);
  });
}

/** The image files of a paste. */
export function pasted(event) {
  return [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith("image/"));
}
