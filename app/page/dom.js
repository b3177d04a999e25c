// Creation of elements by calls, so that text of a user or of the service is never parsed as HTML.

import { explained } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

/** Create an HTML element; names that are not properties of it are set as attributes. */
export function h(name, properties = {}, ...children) {
  return fill(document.createElement(name), properties, children);
}

/** Create an SVG element. */
export function s(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && !(element instanceof SVGElement)) element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Whether the device has a finger and not a mouse: nothing is dropped or pasted there. */
export const TOUCH = matchMedia("(pointer: coarse)").matches;

/** Create the picture of a file; if the browser cannot show it, its text takes its place. */
export function photo(url, alt) {
  const image = h("img", { src: url, alt });
  image.addEventListener("error", () => image.replaceWith(h("span", { class: "no-picture" }, alt)));
  return image;
}

/** The text of an error: its heading, if the sentence does not repeat it, and its sentence. */
export function refusalText(refusal) {
  const { heading, sentence } = explained(refusal);
  return [heading && h("strong", {}, heading), sentence].filter(Boolean);
}

/** Announce a text to screen readers. */
export function announce(text) {
  document.getElementById("said").textContent = text;
}

/** Download a file. */
export function download(file) {
  const url = URL.createObjectURL(file);
  h("a", { href: url, download: file.name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
