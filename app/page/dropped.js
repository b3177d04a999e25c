// Files of a drop, with those in dropped folders.

/**
 * Return the dropped files, each with its path: it begins with the dropped folder, or, of several
 * folders, with a name for all of them, so that each is a folder of its own in it.
 */
export async function droppedFiles({ items, files }) {
  const entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...files].map((file) => ({ file, path: file.name }));
  const above = entries.filter((entry) => entry.isDirectory).length > 1 ? "all/" : "";
  const found = await Promise.all(entries.map((entry) => filesOf(entry, above)));
  return found.flat();
}

async function filesOf(entry, above) {
  if (!entry.isDirectory) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, path: above + entry.name }];
  }
  const found = [];
  for (const child of await entriesOf(entry)) found.push(...(await filesOf(child, `${above}${entry.name}/`)));
  return found;
}

/** All entries of a folder, which the browser gives a hundred at a time. */
async function entriesOf(folder) {
  const reader = folder.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found;
    found.push(...some);
  }
}
