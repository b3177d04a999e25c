// Energies of many embeddings, groups, map and CSV: pure functions, independent of the DOM.

const BITS = Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll("0", "").length);

const METRICS = {
  l1: (a, b) => a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0),
  l2: (a, b) => Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0)),
  hamming: (a, b) => a.reduce((sum, byte, i) => sum + BITS[byte ^ b[i]], 0),
};

/** Energy of each pair, (n, n). */
export function matrix(embeddings, metric) {
  const energy = METRICS[metric];
  return embeddings.map((a) => embeddings.map((b) => energy(a, b)));
}

/**
 * Groups in which every pair is within the threshold: complete linkage (Sørensen 1948). The two
 * groups whose largest energy is smallest are joined, while that energy is within the threshold.
 */
export function groups(energies, threshold) {
  let found = energies.map((_, i) => [i]);
  for (;;) {
    let best = null;
    for (let a = 0; a < found.length; a += 1) {
      for (let b = a + 1; b < found.length; b += 1) {
        const apart = furthest(energies, found[a], found[b]);
        if (apart <= threshold && (best === null || apart < best.apart)) best = { a, b, apart };
      }
    }
    if (best === null) return found;
    const joined = [...found[best.a], ...found[best.b]].sort((x, y) => x - y);
    found = found.filter((_, i) => i !== best.a && i !== best.b).concat([joined]);
    found.sort((x, y) => x[0] - y[0]);
  }
}

function furthest(energies, one, other) {
  return Math.max(...one.flatMap((i) => other.map((j) => energies[i][j])));
}

/** Points in two dimensions whose distances approximate the energies: classical scaling (Torgerson 1952). */
export function places(energies) {
  const n = energies.length;
  const squared = energies.map((row) => row.map((value) => value ** 2));
  const means = squared.map((row) => row.reduce((a, b) => a + b, 0) / n);
  const mean = means.reduce((a, b) => a + b, 0) / n;
  const inner = squared.map((row, i) => row.map((value, j) => -(value - means[i] - means[j] + mean) / 2));
  const [x, y] = [axis(inner, 1), axis(inner, 2)];
  return x.map((value, i) => [value, y[i]]);
}

/** Coordinates along the largest remaining axis, by power iteration; removes that axis from `inner`. */
function axis(inner, seed) {
  const n = inner.length;
  let vector = Array.from({ length: n }, (_, i) => Math.sin(seed + 2.3 * i));
  let value = 0;
  for (let round = 0; round < 200; round += 1) {
    const image = inner.map((row) => row.reduce((sum, entry, j) => sum + entry * vector[j], 0));
    value = Math.hypot(...image);
    if (value < 1e-9) return Array(n).fill(0);
    vector = image.map((entry) => entry / value);
  }
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j < n; j += 1) inner[i][j] -= value * vector[i] * vector[j];
  }
  return vector.map((entry) => entry * Math.sqrt(value));
}

/** CSV with a line for each pair. */
export function csv(names, energies, threshold) {
  const lines = ["image1,image2,energy,same"];
  for (let i = 0; i < names.length; i += 1) {
    for (let j = i + 1; j < names.length; j += 1) {
      const energy = energies[i][j];
      lines.push([cell(names[i]), cell(names[j]), energy, energy <= threshold].join(","));
    }
  }
  return `${lines.join("\r\n")}\r\n`;
}

/** Quote a text so that no spreadsheet reads it as a formula. */
function cell(text) {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${plain.replaceAll('"', '""')}"`;
}
