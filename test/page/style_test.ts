import assert from "node:assert/strict";

const css = await Deno.readTextFile(
  new URL("../../lib/page/style.css", import.meta.url),
);

/** The colours of each scheme by name: light, then dark. */
const schemes = [...css.matchAll(/:root \{([^}]*)\}/g)].map(([_, rules]) =>
  Object.fromEntries(
    [...rules.matchAll(/--([\w-]+): (#[0-9a-f]+);/g)].map((
      [_, name, color],
    ) => [
      name,
      color,
    ]),
  )
);

/** Relative luminance, WCAG 2.2. */
function luminance(color: string): number {
  const digits = color.length === 4
    ? [...color.slice(1)].map((digit) => digit + digit)
    : color.slice(1).match(/../g)!;
  const [red, green, blue] = digits.map((two) => {
    const value = parseInt(two, 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

Deno.test("The page's colours have the contrast that WCAG 2.2 asks for, light and dark", () => {
  assert.equal(contrast("#000", "#ffffff"), 21);
  assert.equal(schemes.length, 2);
  for (const scheme of schemes) {
    for (const ground of ["page", "card"]) {
      for (const text of ["text", "faint", "accent", "valid", "invalid"]) {
        const ratio = contrast(scheme[text], scheme[ground]);
        assert.ok(ratio >= 4.5, `${text} on ${ground}: ${ratio}`);
      }
      // The edge of a control.
      assert.ok(contrast(scheme.edge, scheme[ground]) >= 3);
    }
    assert.ok(contrast(scheme["on-accent"], scheme.accent) >= 4.5);
  }
});
