/** The commands of whoever answers for what skills may do: `policy` and `audit`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { realClock } from '../../host/index.ts';
import type { Add, Finish } from '../adding.ts';
import { timeSpan, wholeNumber } from '../flag-values.ts';
import {
  listApprovalsCommand,
  showApprovalCommand,
  type VoteOptions,
  voteCommand,
} from './approvals.ts';
import { type AuditOptions, auditCommand } from './audit.ts';
import {
  checkPolicyCommand,
  type ExplainOptions,
  explainPolicyCommand,
  showPolicyCommand,
} from './policy.ts';

export function addPolicyCommands(add: Add, finish: Finish, program: Command): void {
  const policy = add(program, 'policy', 'the operator’s policy: check it, show it, explain it');
  add(policy, 'check', 'read a policy file and name every problem with line and column')
    .argument('<file>', 'policy.cedar')
    .action(finish((options, file: string) => checkPolicyCommand(file, options)));
  add(policy, 'show', 'the policy that is in force').action(finish(showPolicyCommand));
  add(policy, 'explain', 'which policies permit and forbid something, and what it would take')
    .argument('[decision]', 'its ID, from an error or from skein audit')
    .option('--skill <name>', 'instead of an ID: the skill, name or name@range')
    .option('--call <call>', 'what it would call: http.request, kv.set')
    .option('--args <json>', 'its arguments: a JSON array, or the only one')
    .option('--tenant <name>', 'for whom')
    .action(
      finish((options, decision?: string) =>
        explainPolicyCommand(decision, options as ExplainOptions),
      ),
    );
  const approvals = add(program, 'approvals', 'actions that wait for people');
  add(approvals, 'ls', 'those that wait and those that did, newest first').action(
    finish(listApprovalsCommand),
  );
  add(approvals, 'show', 'the exact action, who approved it, when it expires')
    .argument('<approval>', 'its ID')
    .action(finish((options, id: string) => showApprovalCommand(id, options)));
  for (const verdict of ['approve', 'deny'] as const) {
    const vote = add(approvals, verdict, `${verdict} exactly what is shown, with your key`)
      .argument('<approval>', 'its ID')
      .addOption(
        new Option('--key <file>', 'your key, as `skein skills keygen` makes it')
          .env('SKEIN_APPROVER_KEY')
          .makeOptionMandatory(),
      )
      .addOption(
        new Option('--as <name>', 'your name in approvers.yaml')
          .env('SKEIN_APPROVER')
          .makeOptionMandatory(),
      );
    if (verdict === 'deny') vote.requiredOption('--reason <text>', 'why, for the audit log');
    vote.action(finish((options, id: string) => voteCommand(verdict, id, options as VoteOptions)));
  }
  add(program, 'audit', 'what was denied and what was done, oldest first')
    .addOption(
      new Option('--since <time>', 'a span back (30m) or a time (2027-01-31T12:00)').argParser(
        timeSince,
      ),
    )
    .option('--skill <name>', 'of one skill')
    .option('--denied', 'denials alone')
    .option('--report', 'what it adds up to, as md and json in the data directory')
    .addOption(
      new Option('--limit <n>', 'the latest so many').default(100).argParser(wholeNumber(1, 1_000)),
    )
    .action(finish((options) => auditCommand(options as AuditOptions)));
}

function timeSince(text: string): number {
  const atMs = Date.parse(text);
  if (!Number.isNaN(atMs) && /^\d{4}-/.test(text)) return atMs;
  try {
    return realClock.wallMs() - timeSpan(text);
  } catch {
    throw new InvalidArgumentError('It takes a span of time (30m) or a time (2027-01-31T12:00).');
  }
}
