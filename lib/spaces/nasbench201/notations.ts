/**
 * Notations of NAS-Bench-201's cells that other spaces do not have.
 *
 * @module
 */

import { shown } from "../../core/shown.ts";
import type { Notation } from "../notation.ts";
import { formatArch, formatGenius, formatNaslib, parseArch } from "./arch.ts";

/** Arch strings, and the benchmark's `Structure(…)`. */
const ARCH = _text({
  name: "arch",
  title: "arch string, |op~0|+|op~0|op~1|+|op~0|op~1|op~2|, or Structure(…)",
  form: /~/,
  write: formatArch,
});

/** GENIUS's digits: as a number they could be an index. */
const GENIUS = _text({
  name: "genius",
  title: "GENIUS, six digits as a text",
  form: /^\s*[0-4]{6}\s*$/,
  write: formatGenius,
});

/** NASLib's tuple of operations. */
const NASLIB = _text({
  name: "naslib",
  title: "NASLib, six operations, (2, 3, 0, 4, 1, 2)",
  form: /^\s*[([][^~]*[)\]]\s*$/,
  write: formatNaslib,
});

/** In the order of help texts. */
export const NOTATIONS: readonly Notation[] = [ARCH, {
  ...NASLIB,
  isForm: (value) => NASLIB.isForm(value) || _isTuple(value),
  read: (value) =>
    NASLIB.read(_isTuple(value) ? `(${value.join(", ")})` : value),
}, GENIUS];

function _isTuple(value: unknown): value is number[] {
  return Array.isArray(value) && value.length === 6 &&
    value.every((op) => typeof op === "number");
}

/** A notation that is a text. */
function _text(
  { form, ...rest }:
    & Pick<Notation, "name" | "title" | "write">
    & { readonly form: RegExp },
): Notation {
  const isForm = (value: unknown): value is string =>
    typeof value === "string" && form.test(value);
  return {
    ...rest,
    isForm,
    read(value) {
      if (isForm(value)) return parseArch(value);
      throw new SyntaxError(
        `a cell must be of the form: ${rest.title}; got ${shown(value)}`,
      );
    },
  };
}
