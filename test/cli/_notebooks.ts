/**
 * Notebooks for tests.
 *
 * @module
 */

/** The text of a notebook: a Markdown cell, then code cells `c0`, `c1`, … not yet run. */
export function notebookWith(
  markdown: string,
  cells: readonly string[],
): string {
  return JSON.stringify({
    cells: [
      { cell_type: "markdown", id: "m", metadata: {}, source: markdown },
      ...cells.map((source, index) => ({
        cell_type: "code",
        execution_count: null,
        id: `c${index}`,
        metadata: {},
        outputs: [],
        source,
      })),
    ],
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5,
  });
}
