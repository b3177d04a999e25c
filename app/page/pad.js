// Drawing field for signs like Omniglot's, for a pointer or the keyboard.

import { h, download, TOUCH } from "./dom.js";

const SIDE = 105;
const STROKE = 2.6;
const STEP = 3;

/** Strokes on a white field of 105 pixels a side. */
export class Pad {
  /**
   * @param {string} name File name of the picture.
   * @param {(file: File|null) => void} drawn Called with the picture after each stroke, or null if there is none.
   */
  constructor(name, drawn) {
    this.name = name;
    this.drawn = drawn;
    this.keyed = false; // The pen is moved by keys, so it has to be painted.
    this.file = null;
    this.strokes = [];
    this.pen = [SIDE / 2, SIDE / 2];
    this.down = false;
    this.canvas = h("canvas", {
      width: 3 * SIDE,
      height: 3 * SIDE,
      tabIndex: 0,
      role: "application",
      "aria-label": "Drawing field. Draw with a pointer, or move the pen with the arrow keys and set it down or lift it with the space bar.",
      onpointerdown: (event) => this.begin(event),
      onpointermove: (event) => this.go(event),
      onpointerup: () => this.end(),
      onpointercancel: () => this.end(),
      onkeydown: (event) => this.press(event),
      onblur: () => this.end(),
    });
    this.element = h("div", { class: "pad" },
      this.canvas,
      h("p", { class: "hint" }, TOUCH ? "Draw a sign." : "Draw a sign. Keys: arrows move the pen, space sets it down and lifts it."),
      h("div", { class: "buttons" },
        h("button", { type: "button", class: "quiet", onclick: () => this.undo() }, "Undo"),
        h("button", { type: "button", class: "quiet", onclick: () => this.clear() }, "Clear"),
        h("button", { type: "button", class: "quiet", onclick: () => this.file && download(this.file) }, "Save")));
    this.paint();
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [(SIDE * (event.clientX - box.left)) / box.width, (SIDE * (event.clientY - box.top)) / box.height];
  }

  begin(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.keyed = false;
    this.down = true;
    this.strokes.push([this.place(event)]);
    this.paint();
  }

  go(event) {
    if (!this.down) return;
    this.strokes.at(-1).push(this.place(event));
    this.paint();
  }

  end() {
    if (!this.down) return;
    this.down = false;
    this.update();
  }

  press(event) {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    if (event.key === " ") this.toggle();
    else if (dx || dy) this.move(dx, dy);
    else return;
    this.keyed = true;
    event.preventDefault();
    this.paint();
  }

  toggle() {
    if (this.down) this.end();
    else {
      this.down = true;
      this.strokes.push([[...this.pen]]);
    }
  }

  move(dx, dy) {
    const inside = (value) => Math.min(SIDE - 4, Math.max(4, value));
    this.pen = [inside(this.pen[0] + STEP * dx), inside(this.pen[1] + STEP * dy)];
    if (this.down) this.strokes.at(-1).push([...this.pen]);
  }

  undo() {
    this.strokes.pop();
    this.paint();
    this.update();
  }

  clear() {
    this.strokes = [];
    this.paint();
    this.update();
  }

  paint() {
    paintOn(this.canvas, this.strokes);
    if (!this.keyed) return;
    const context = this.canvas.getContext("2d");
    context.fillStyle = this.down ? "#d97706" : "#0f766e";
    context.fillRect(this.pen[0] * 3 - 4, this.pen[1] * 3 - 4, 8, 8);
  }

  update() {
    this.file = null;
    if (!this.strokes.length) {
      this.drawn(null);
      return;
    }
    const small = h("canvas", { width: SIDE, height: SIDE });
    paintOn(small, this.strokes);
    small.toBlob((blob) => {
      this.file = new File([blob], this.name, { type: blob.type });
      this.drawn(this.file);
    }, "image/png");
  }
}

function paintOn(canvas, strokes) {
  const scale = canvas.width / SIDE;
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.lineWidth = STROKE * scale;
  context.lineCap = context.lineJoin = "round";
  for (const [[x, y], ...rest] of strokes) {
    context.beginPath();
    context.moveTo(x * scale, y * scale);
    for (const [a, b] of rest.length ? rest : [[x + 0.1, y]]) context.lineTo(a * scale, b * scale);
    context.stroke();
  }
}
