import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { latexText, tableLatex } from "../../lib/report/table_latex.ts";
import { table } from "../../lib/report/tables.ts";
import { withFolder } from "../_helpers.ts";

const TABLE = table(
  [
    { name: "a_1 & b", share: 99.5, note: "100 % {of} C:\\x" },
    { name: "Arch-LLM+ t≥1", share: null, note: "|none~0|+ → #2 ± 1 × 3" },
  ],
  {
    caption: "Shares (%) of $x$",
    columns: ["name", { key: "share", title: "share, %" }, "note"],
    rules: [1],
    bold: (row, key) => key === "share" && row.share === 99.5,
    notes: ["Uniform draws: ≈ 47.3 % – “distinct”."],
  },
);

Deno.test("tableLatex() writes caption, rules, bold cells and notes", () => {
  assert.equal(
    tableLatex(TABLE, "shares"),
    String.raw`\begin{table}
  \centering
  \caption{Shares (\%) of \$x\$}
  \label{tab:shares}
  \begin{tabular}{lrl}
    \toprule
    name & share, \% & note \\
    \midrule
    a\_1 \& b & \textbf{99.50} & 100 \% \{of\} C:\textbackslash{}x \\
    \midrule
    Arch-LLM+ t$\geq$1 & -- & $|$none\textasciitilde{}0$|$+ $\rightarrow$ \#2 $\pm$ 1 $\times$ 3 \\
    \bottomrule
  \end{tabular}
  \par\footnotesize Uniform draws: $\approx$ 47.3 \% -- ${"``"}distinct''.
\end{table}
`,
  );
});

Deno.test("latexText() keeps a text on one line", () => {
  assert.equal(latexText("a \n b^2"), "a b\\textasciicircum{}2");
});

const LATEX = ["/usr/bin/pdflatex", "/usr/local/bin/pdflatex"].find(existsSync);

Deno.test({
  name: "LaTeX compiles every table of the runs of record",
  ignore: LATEX === undefined,
  fn: () =>
    withFolder(async (folder) => {
      const outputs = new URL("../../outputs/", import.meta.url);
      const tables: string[] = [tableLatex(TABLE, "first")];
      for await (const { name, isDirectory } of Deno.readDir(outputs)) {
        const of = new URL(`${name}/tables/`, outputs);
        if (!isDirectory || !existsSync(of)) continue;
        for await (const file of Deno.readDir(of)) {
          if (!file.name.endsWith(".json")) continue;
          const rows = JSON.parse(
            await Deno.readTextFile(new URL(file.name, of)),
          );
          tables.push(
            tableLatex(table(rows, { caption: file.name }), file.name),
          );
        }
      }
      assert.ok(tables.length > 20);
      await Deno.writeTextFile(
        join(folder, "all.tex"),
        `\\documentclass{article}\\usepackage{booktabs}\\begin{document}\n${
          tables.join("\\clearpage\n")
        }\\end{document}\n`,
      );
      const { status, stdout } = spawnSync(
        LATEX!,
        [
          "-interaction=nonstopmode",
          "-halt-on-error",
          "-no-shell-escape",
          "all",
        ],
        { cwd: folder, encoding: "utf8" },
      );
      assert.equal(status, 0, stdout.slice(-2000));
      assert.ok(existsSync(join(folder, "all.pdf")));
    }),
});
