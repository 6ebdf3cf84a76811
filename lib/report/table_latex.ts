/**
 * Tables for papers: LaTeX with booktabs' rules.
 *
 * What is written needs `\usepackage{booktabs}` alone and compiles under pdfLaTeX: signs
 * beyond ASCII that tables of this project hold are written as commands.
 *
 * @module
 */

import type { ReportTable } from "./tables.ts";

/** Commands for signs that LaTeX reads as markup, or pdfLaTeX's fonts lack. */
const COMMANDS: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "$<$",
  ">": "$>$",
  "|": "$|$",
  "–": "--",
  "—": "---",
  "−": "$-$",
  "±": "$\\pm$",
  "×": "$\\times$",
  "÷": "$\\div$",
  "·": "$\\cdot$",
  "→": "$\\rightarrow$",
  "≤": "$\\leq$",
  "≥": "$\\geq$",
  "≈": "$\\approx$",
  "∞": "$\\infty$",
  "β": "$\\beta$",
  "τ": "$\\tau$",
  "ρ": "$\\rho$",
  "…": "\\ldots{}",
  "’": "'",
  "‘": "`",
  "“": "``",
  "”": "''",
};

/**
 * A table as a LaTeX float: caption, booktabs' rules, notes below in small print.
 *
 * @param label For `\ref`, without the prefix `tab:`.
 */
export function tableLatex(table: ReportTable, label: string): string {
  const { columns, rows, rules, caption, notes } = table;
  const row = (cells: readonly string[]) => `    ${cells.join(" & ")} \\\\`;
  return [
    "\\begin{table}",
    "  \\centering",
    `  \\caption{${latexText(caption)}}`,
    `  \\label{tab:${label}}`,
    `  \\begin{tabular}{${columns.map(({ align }) => align[0]).join("")}}`,
    "    \\toprule",
    row(columns.map(({ title }) => latexText(title))),
    "    \\midrule",
    ...rows.flatMap((_, i) => [
      ...(i > 0 && rules.includes(i) ? ["    \\midrule"] : []),
      row(columns.map(({ texts, bold }) => {
        const text = latexText(texts[i]);
        return bold[i] ? `\\textbf{${text}}` : text;
      })),
    ]),
    "    \\bottomrule",
    "  \\end{tabular}",
    ...notes.map((note) => `  \\par\\footnotesize ${latexText(note)}`),
    "\\end{table}",
    "",
  ].join("\n");
}

/** A text with everything escaped that LaTeX would not print as it stands. */
export function latexText(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").replace(
    /[\\~^<>|–—−±×÷·→≤≥≈∞βτρ…’‘“”]|[#$%&_{}]/g,
    (sign) => COMMANDS[sign] ?? `\\${sign}`,
  );
}
