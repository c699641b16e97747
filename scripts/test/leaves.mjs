// One way of counting for all runtimes: the innermost tests count, the groups and tests around them do not.

const onlyBecauseOfSubtests = /^\d+ (sub)?tests?( steps?)? failed/;

/** Drops every test that has others inside it, unless it failed by itself (a hook, say). */
export function leaves(tests) {
  const isParent = (test) => tests.some((other) => other.name.startsWith(`${test.name} > `));
  const hasOwnFailure = (test) => test.status === "failed" && !onlyBecauseOfSubtests.test(test.message ?? "");
  return tests.filter((test) => hasOwnFailure(test) || !isParent(test));
}
