// Many images: the energy of each pair, the groups at a threshold, and a map.

import { compare, embed, example, Refusal } from "./api.js";
import { h, download, announce, photo, refusalText, TOUCH } from "./dom.js";
import { csv, groups, matrix, places } from "./energies.js";
import { defaultRate, comparesSigns, slider, supported } from "./pair.js";
import { mapPlot } from "./plots.js";
import { acceptDrops, pastedImages } from "./slot.js";
import { figure, modelName, searchSentence, unlike } from "./words.js";

const MAX_IMAGES = 32;
const MIN_IMAGES = 2;
const FULL_SIZE = 12;
const FACES = ["ann-1.jpg", "ann-2.jpg", "ben-1.jpg", "ben-2.jpg", "cat-1.jpg", "cat-2.jpg"];
const SIGNS = ["sign-a-1.png", "sign-a-2.png", "sign-b-1.png"];

/** The view of many images. */
export class CrowdView {
  constructor() {
    this.model = null;
    this.chosen = null; // Promise of the manifest of the model that was chosen last.
    this.fmr = null;
    this.round = 0;
    this.members = []; // {file, url, error}
    this.input = h("input", { type: "file", accept: "image/*", multiple: true, id: "several", class: "unseen", onchange: () => {
      this.add([...this.input.files]);
      this.input.value = "";
    } });
    this.list = h("ul", { class: "crowd" });
    this.note = h("p", { class: "hint", role: "status" });
    this.answer = h("div", {});
    this.element = document.getElementById("crowd");
    this.element.append(
      h("section", { class: "slot", "aria-label": "Images" },
        this.input,
        this.list,
        h("div", { class: "buttons" },
          h("label", { htmlFor: "several", class: "button" }, "Choose several"),
          h("button", { type: "button", class: "quiet", onclick: () => this.loadExamples() }, "Try the examples"),
          h("button", { type: "button", class: "quiet", onclick: () => this.clear() }, "Remove all")),
        this.note),
      this.answer);
    acceptDrops(this.element, (files) => this.add(files));
    this.renderList();
  }

  /** Take the promise of the manifest that `use` is called with when it has arrived. */
  expect(manifest) {
    this.chosen = manifest;
  }

  use(model) {
    this.model = model;
    this.fmr = defaultRate(model.calibration);
    for (const member of this.members) member.error = null;
    this.compare();
  }

  async loadExamples() {
    try {
      const model = await this.chosen;
      const names = model && comparesSigns(model) ? SIGNS : FACES;
      this.add(await Promise.all(names.map(example)));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.showError(error, () => this.loadExamples());
    }
  }

  paste(event) {
    this.add(pastedImages(event));
  }

  add(files) {
    if (!files.length) return; // The paste contained no image.
    const room = MAX_IMAGES - this.members.length;
    for (const file of files.slice(0, room)) this.members.push({ file, url: URL.createObjectURL(file), error: null });
    const left = files.length - room;
    this.note.textContent = left > 0 ? `${MAX_IMAGES} images are compared at a time: ${left} were left out.` : "";
    this.compare();
  }

  remove(member) {
    URL.revokeObjectURL(member.url);
    this.members = this.members.filter((other) => other !== member);
    this.compare();
  }

  clear() {
    for (const { url } of this.members) URL.revokeObjectURL(url);
    this.members = [];
    this.note.textContent = "";
    this.compare();
  }

  renderList() {
    const items = this.members.map((member, i) =>
      h("li", { class: member.error ? "failed" : "" },
        photo(member.url, member.file.name),
        h("button", { type: "button", class: "remove", "aria-label": `Remove ${i + 1}, ${member.file.name}`, onclick: () => this.remove(member) }, "×"),
        member.error ? h("p", { class: "error", role: "alert" }, member.error) : null));
    this.list.replaceChildren(...(items.length ? items : [h("li", { class: "hint" }, TOUCH ? `No images yet; up to ${MAX_IMAGES}` : `Drop or paste images here, up to ${MAX_IMAGES}`)]));
  }

  async compare() {
    const round = (this.round += 1);
    this.renderList();
    this.answer.replaceChildren();
    if (!this.model) return;
    if (this.model.kind === "pair") {
      this.answer.append(h("p", { class: "notice" }, "This model compares two images at a time and has no embeddings: choose another model, or compare pairs."));
      return;
    }
    const good = this.members.filter(({ error }) => !error);
    if (good.length < MIN_IMAGES) return;
    this.answer.append(h("p", { class: "busy" }, "Comparing …"));
    try {
      const answer = await embed(good.map(({ file }) => file), this.model.name);
      if (round === this.round) this.showResult(good, answer);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (round === this.round) this.handleRefusal(good, error);
    }
  }

  /** Mark an image that cannot be used and compare the others, or show the error. */
  handleRefusal(good, refusal) {
    const blamed = good[Number(/^image\[(\d+)\]:/.exec(refusal.detail)?.[1] ?? (/^image:/.test(refusal.detail) ? 0 : NaN))];
    if (blamed) {
      blamed.error = `${refusal.title}. It is left out.`;
      this.compare();
      return;
    }
    this.showError(refusal, () => this.compare());
  }

  showError(refusal, action) {
    this.answer.replaceChildren(
      h("p", { class: "error", role: "alert" }, refusalText(refusal)),
      h("button", { type: "button", onclick: action }, "Try again"));
  }

  showResult(good, { embeddings, domain, model: by }) {
    const energies = matrix(embeddings, this.model.metric);
    const offered = supported(this.model.calibration);
    const names = good.map(({ file }) => file.name);
    const body = h("div", {});
    const search = h("p", { class: "hint search" });
    const decide = () => {
      const { threshold } = offered.find(({ target_fmr }) => target_fmr === this.fmr) ?? offered[0];
      const found = groups(energies, threshold);
      const groupOf = names.map((_, i) => found.findIndex((group) => group.includes(i)));
      body.replaceChildren(
        groupsOf(found, good),
        h("div", { class: "side-by-side" },
          h("figure", {}, table(good, energies, threshold), h("figcaption", {}, "Energies: the stronger the colour, the smaller the energy. A frame marks pairs within the threshold.")),
          h("figure", { class: "map" }, mapPlot(places(energies), groupOf, good.map(({ url }) => url), names), h("figcaption", {}, "A map: images with a small energy lie near each other, as far as two dimensions allow."))),
        h("button", { type: "button", onclick: () => download(new File([csv(names, energies, threshold)], "energies.csv", { type: "text/csv" })) }, "Download as CSV"));
      announce(`${found.length} groups among ${names.length} images.`);
      if (!out) this.showSearch(search, embeddings, this.fmr);
    };
    const out = domain.status === "out";
    this.answer.replaceChildren(
      out ? h("p", { class: "notice domain" }, unlike(domain, names.map((name, i) => `${i + 1}, ${name}`))) : "",
      slider(offered, this.fmr, (fmr) => {
        this.fmr = fmr;
        decide();
      }, !out),
      h("p", { class: "hint" }, `Energies by ${modelName(by)}.`),
      out ? "" : search,
      body);
    decide();
  }

  /** Show how often a search for one image among the others is wrong, as the service answers it. */
  async showSearch(element, [probe, ...others], fmr) {
    element.textContent = "";
    try {
      const answer = await compare(probe, others, this.model.name, fmr);
      if (fmr === this.fmr && !answer.withheld) element.textContent = searchSentence(others.length, answer);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error; // The groups stay; only this sentence is missing.
    }
  }
}

function groupsOf(found, good) {
  return h("section", { "aria-label": "Groups" },
    h("h2", {}, found.length === 1 ? "One group" : `${found.length} groups`),
    h("p", { class: "hint" }, "In a group every pair is within the threshold (complete linkage), so that one doubtful pair does not join two groups."),
    h("ol", { class: "groups" }, ...found.map((group, g) =>
      h("li", { class: `group${g % 8}` }, ...group.map((i) =>
        h("span", { title: good[i].file.name }, photo(good[i].url, `${i + 1}: ${good[i].file.name}`)))))));
}

/** Heat map of the energies, as a table that screen readers can read. */
function table(good, energies, threshold) {
  const largest = Math.max(...energies.flat(), threshold) || 1;
  const small = good.length > FULL_SIZE;
  const head = (i, scope) => h("th", { scope, title: good[i].file.name }, h("span", { class: "unseen" }, good[i].file.name), String(i + 1));
  const row = (i) => h("tr", {}, head(i, "row"), ...energies[i].map((energy, j) => cellOf(i, j, energy, energy <= threshold, energy / largest)));
  return h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Energies of all pairs" },
    h("table", { class: small ? "heat small" : "heat" },
      h("caption", { class: "unseen" }, "Energy of each pair of images"),
      h("thead", {}, h("tr", {}, h("td", {}), ...good.map((_, j) => head(j, "col")))),
      h("tbody", {}, ...good.map((_, i) => row(i)))));
}

function cellOf(i, j, energy, same, share) {
  const level = Math.min(9, Math.floor(10 * share));
  const kind = i === j ? "self" : `level${level}${same ? " same" : ""}`;
  return h("td", { class: kind, title: `${i + 1} and ${j + 1}: ${figure(energy)}` }, h("span", {}, String(Number(energy.toPrecision(energy < 0.1 ? 2 : 3)))));
}
