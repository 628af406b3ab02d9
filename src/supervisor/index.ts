/** Supervision trees: supervisors as actors, worker threads as their children. */
export type { ChildSpec, RestartType } from './child-spec.ts';
export { type ClusterOptions, type Joined, joinCluster, natsAccessOf } from './join-cluster.ts';
export {
  type DrainReport,
  type FromNode,
  type GroupEvent,
  type GroupNode,
  launchSpec,
  lineOf,
  NODE_STRATEGY,
  type NodeFacts,
  NodeGroup,
  type NodeGroupOptions,
  type NodeLauncher,
  type NodeLimits,
  type NodeSettings,
  type NodeState,
  type RolloutAct,
  type RolloutReport,
  type RolloutStep,
  readToNode,
  rollOut,
  type ToNode,
} from './node-group/index.ts';
export { judgeRestart, type RestartIntensity, type RestartVerdict } from './restart-intensity.ts';
export { affectedBy, DEFAULT_STRATEGY, type RestartScope, type Strategy } from './strategy.ts';
export {
  type FailureReport,
  type SupervisorArgs,
  type SupervisorReport,
  supervisor,
} from './supervisor.ts';
export { ThreadGroup, type ThreadGroupOptions } from './thread-group.ts';
export { type ThreadKeeperArgs, threadKeeper } from './thread-keeper.ts';
export { liveThread, type ThreadMeans } from './thread-life.ts';
export { startThreads, THREAD_MAIN_URL, THREAD_STRATEGY, type ThreadOptions } from './threads.ts';
