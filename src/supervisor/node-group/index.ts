/** Node processes under one supervisor. */
export {
  type DrainReport,
  type FromNode,
  lineOf,
  type NodeFacts,
  readToNode,
  type ToNode,
} from './group-lines.ts';
export { NODE_STRATEGY, type NodeFate } from './node-fate.ts';
export { type GroupEvent, NodeGroup, type NodeGroupOptions } from './node-group.ts';
export {
  launchSpec,
  type NodeLauncher,
  type NodeLimits,
  type NodeSettings,
} from './node-settings.ts';
export { type RolloutAct, type RolloutReport, type RolloutStep, rollOut } from './rollout.ts';
export type { GroupNode, NodeState } from './supervised-node.ts';
