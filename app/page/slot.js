// Input of one image: chosen, dropped, pasted, photographed or drawn.

import { preview, Refusal } from "./api.js";
import { h, photo, refusalText, s, TOUCH } from "./dom.js";
import { Pad } from "./pad.js";

/** One of the two images of a pair. */
export class Slot {
  /**
   * @param {string} title Heading, from which the ids are derived.
   * @param {number} place Position in the pair, 1 or 2.
   * @param {() => void} changed Called after the image was changed or removed.
   * @param {(face: string) => void} pick Called with the rule for an image that shows several things.
   */
  constructor(title, place, changed, pick) {
    this.pick = pick;
    this.place = place;
    this.mayDraw = false;
    this.previewRound = 0;
    this.file = null;
    this.changed = changed;
    this.url = null;
    const id = title.toLowerCase().replaceAll(" ", "-");
    this.input = h("input", { type: "file", accept: "image/*", id, class: "unseen", onchange: () => this.choose(this.input) });
    this.camera = h("input", { type: "file", accept: "image/*", capture: "environment", id: `${id}-camera`, class: "unseen", "aria-label": `Photograph the ${title.toLowerCase()}`, hidden: !TOUCH, onchange: () => this.choose(this.camera) });
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
        h("label", { htmlFor: `${id}-camera`, class: "button", hidden: !TOUCH }, "Photograph"),
        this.drawing,
        this.clearing),
      this.error);
    acceptDrops(this.element, ([file]) => this.take(file));
    this.show();
  }

  choose(input) {
    if (input.files.length) this.take(input.files[0]);
    input.value = "";
  }

  /** Set the image, or remove it with null; a drawing is discarded. */
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

  /** Allow or forbid drawing a sign. */
  allowDrawing(may) {
    this.mayDraw = may;
    this.drawing.hidden = !may || this.pad !== null;
    if (!may && this.pad) this.take(null); // Only models of signs accept a drawing.
  }

  /** Show an error beside the image, or remove it with null. */
  fail(refusal) {
    this.element.classList.toggle("failed", refusal !== null);
    this.error.replaceChildren(...(refusal ? refusalText(refusal) : []));
    if (refusal?.slug === "several-located") this.error.append(this.rules());
  }

  /** Buttons that choose one of several things. */
  rules() {
    const rule = (face, text) => h("button", { type: "button", class: "quiet", onclick: () => this.pick(face) }, text);
    return h("span", { class: "buttons" }, rule("largest", "Take the largest"), rule("central", "Take the one in the middle"));
  }

  /** Draw the square that is compared of the image; `located` is null where all of it is. */
  mark(located) {
    const image = this.pictures.querySelector("figure:not(.seen) img");
    this.pictures.querySelector(".located")?.remove();
    if (!located || !image?.naturalWidth) return;
    image.after(squareOf(located, image.naturalWidth, image.naturalHeight));
  }

  show() {
    this.drawing.hidden = !this.mayDraw || this.pad !== null;
    this.clearing.hidden = this.file === null && this.pad === null;
    if (this.pad && this.pictures.contains(this.pad.element)) {
      this.pictures.querySelector(".seen")?.remove();
      return; // Inserting the field again would lose the focus and break off a stroke.
    }
    const seen = this.file && !this.pad ? [picture("the file", this.url, this.file.name)] : [];
    const empty = h("p", { class: "hint" }, TOUCH ? "No image yet" : "Drop or paste an image here");
    const content = this.pad ? [this.pad.element] : seen;
    this.pictures.replaceChildren(...(content.length ? content : [empty]));
  }

  /** Show the model's input for the image. */
  async showPreview(model, face) {
    const { file } = this;
    const round = (this.previewRound += 1);
    if (!file) return;
    try {
      const seen = await preview(file, model, face);
      if (round !== this.previewRound) return; // The image or the model has changed.
      const url = URL.createObjectURL(seen);
      this.pictures.querySelector(".seen")?.remove();
      const shown = picture("input of the model", url, "the same image as input of the model");
      shown.querySelector("img").addEventListener("load", () => URL.revokeObjectURL(url));
      shown.classList.add("seen");
      this.pictures.append(shown);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (round === this.previewRound) this.fail(error);
    }
  }
}

/** Drawing over an image of that size: a square with its upper edge marked, and the landmarks. */
function squareOf({ corners, points }, width, height) {
  const dot = Math.max(width, height) / 60;
  return s("svg", { class: "located", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "The part that is compared" },
    s("polygon", { points: corners.map((corner) => corner.join()).join(" ") }),
    s("polyline", { points: `${corners[0]} ${corners[1]}` }),
    ...(points ?? []).map(([x, y]) => s("circle", { cx: x, cy: y, r: dot })));
}

function picture(caption, url, alt) {
  return h("figure", {}, photo(url, alt), h("figcaption", {}, caption));
}

/** Accept dropped files on an element; `take` is called with them. */
export function acceptDrops(element, take) {
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

/** Return the image files of a paste event. */
export function pastedImages(event) {
  return [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith("image/"));
}
