/**
 * The settings of the page as the fragment of a link, which restores them.
 *
 * Browser code.
 *
 * @module
 */

/** Ids of the controls that a link holds, in their order: the space decides on the codes. */
const IDS = [
  "space",
  "code",
  "count",
  "temperature",
  "top-k",
  "top-p",
  "seed",
] as const;

/** What the controls say, as a fragment with its `#`; empty ones are left out. */
export function settingsFragment(
  read: (id: typeof IDS[number]) => string,
): string {
  const settings = IDS.map((id) => [id, read(id)]).filter(([_, value]) =>
    value !== ""
  );
  return `#${new URLSearchParams(settings)}`;
}

/**
 * Sets the controls that a fragment names; the others, and what it has besides, are left alone.
 *
 * @param set Sets a control.
 */
export function restoreSettings(
  fragment: string,
  set: (id: typeof IDS[number], value: string) => void,
): void {
  const settings = new URLSearchParams(fragment.replace(/^#/, ""));
  for (const id of IDS) {
    const value = settings.get(id);
    if (value !== null) set(id, value);
  }
}
