/** Which skills the other nodes hold: asked for once, and again when a node's digest of them changes. */
import { satisfies, validRange } from 'semver';
import type { MemberReport } from '../../cluster/index.ts';
import {
  failure,
  type NodeId,
  type Result,
  type SkillPackage,
  success,
} from '../../contracts/index.ts';
import type { ActorSystem } from '../../kernel/index.ts';
import { delegateOf } from './delegate-ref.ts';
import { checkSkillCard, checkSkillNames, type SkillName, skillKey } from './task.ts';

interface Known {
  readonly digest: string;
  readonly skills: ReadonlySet<string>;
}

const ASK_MS = 2_000;
/** Nodes that are asked for a skill which this one lacks. */
const ASKED_MAX = 16;

export class PeerSkills {
  readonly #system: ActorSystem;
  readonly #members: () => readonly MemberReport[];
  readonly #known = new Map<NodeId, Known>();

  constructor(system: ActorSystem, members: () => readonly MemberReport[]) {
    this.#system = system;
    this.#members = members;
  }

  async holds(node: NodeId, skill: SkillName): Promise<boolean> {
    const digest = this.#members().find((member) => member.node === node)?.facts.skills ?? '';
    const known = this.#known.get(node);
    const current = known?.digest === digest ? known : await this.#ask(node, digest);
    return current?.skills.has(skillKey(skill)) ?? false;
  }

  /**
   * A skill that this node lacks and another holds: without its source, since it is done there. Failure: SKILL_NOT_FOUND, as the
   * first node that was asked says it.
   */
  async find(wanted: string): Promise<Result<SkillPackage>> {
    const { node: self } = this.#system;
    const others = this.#members().filter(({ node }) => node !== self);
    const answers = await Promise.all(
      others
        .slice(0, ASKED_MAX)
        .map(({ node }) =>
          this.#system.ask(delegateOf(this.#system, node), 'find', wanted, { timeoutMs: ASK_MS }),
        ),
    );
    for (const answer of answers) {
      const found = answer.kind === 'answered' ? (answer.value as Result<unknown> | null) : null;
      const card = found?.ok ? checkSkillCard(found.value) : undefined;
      if (card?.ok && isWanted(card.value.manifest, wanted))
        return success({ ...card.value, source: '' });
    }
    return failure('SKILL_NOT_FOUND', { skill: wanted });
  }

  /** What was known of nodes that are gone is forgotten. */
  forget(node: NodeId): void {
    this.#known.delete(node);
  }

  async #ask(node: NodeId, digest: string): Promise<Known | undefined> {
    const asked = this.#system.ask(delegateOf(this.#system, node), 'skills', undefined, {
      timeoutMs: ASK_MS,
    });
    const answer = await asked;
    const checked = answer.kind === 'answered' ? checkSkillNames(answer.value) : undefined;
    if (!checked?.ok) return undefined;
    const known = { digest, skills: new Set(checked.value.map(skillKey)) };
    this.#known.set(node, known);
    return known;
  }
}

/** No node passes one skill off as another. `wanted`: `name`, `name@1.2.3` or `name@^1.2`. */
function isWanted({ name, version }: SkillPackage['manifest'], wanted: string): boolean {
  const at = wanted.lastIndexOf('@');
  if (at <= 0) return name === wanted;
  const range = validRange(wanted.slice(at + 1));
  return name === wanted.slice(0, at) && range !== null && satisfies(version, range);
}
