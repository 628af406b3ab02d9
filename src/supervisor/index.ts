/** Supervision trees: supervisors as actors, worker threads as their children. */
export type { ChildSpec, RestartType } from './child-spec.ts';
export { type ClusterOptions, type Joined, joinCluster, natsAccessOf } from './join-cluster.ts';
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
