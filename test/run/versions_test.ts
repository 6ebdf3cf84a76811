import assert from "node:assert/strict";
import { VERSION as ARCH2VEC } from "../../lib/models/arch2vec/training.ts";
import { declaredVersions } from "../../lib/run/versions.ts";
import { VERSION as TRIALS } from "../../lib/search/trials.ts";

Deno.test("declaredVersions() finds what modules declare, in folders within folders too", () => {
  const versions = declaredVersions("search", "models");
  assert.equal(versions["search/trials.ts"], TRIALS);
  assert.equal(versions["models/arch2vec/training.ts"], ARCH2VEC);
  assert.ok(!("search/oracle.ts" in versions), "it declares none");
  assert.deepEqual(declaredVersions("report"), {});
});
