/**
 * Elements of the page: found by their id, or made.
 *
 * Browser code.
 *
 * @module
 */

/** The element of an id. */
export function element<E extends HTMLElement>(
  id: string,
  kind: new () => E,
): E {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new Error(`Internal: no ${id} in the page`);
  }
  return found;
}

/** Makes an element with text or elements in it. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Partial<HTMLElementTagNameMap[Tag]> = {},
  ...content: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...content);
  return made;
}
