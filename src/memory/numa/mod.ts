// NUMA: which node memory comes from.
export { alloc, type NumaAllocOptions } from "./alloc.ts";
export { current, type NumaNode, nodes } from "./nodes.ts";
export { pages } from "./pages.ts";
export {
  bind,
  type NumaBindOptions,
  type NumaPolicy,
  type NumaPolicyName,
  type NumaPolicyRequest,
  policy,
  setPolicy,
} from "./policy.ts";
