/**
 * Anti-entropy (Demers et al. 1987): whoever sees by a digest that another knows more than it does tells that one what it knows, four
 * bytes a member, and gets what it lacks, and then says what the other lacks. Members who know the same send nothing. Paced, so that
 * lists are not the most that is sent when many start at once, or say something new of themselves all the time.
 */
import type { NodeId } from '../../contracts/index.ts';
import { type Digest, memberHash, readHashes, writeHashes } from './digest.ts';
import { allOf } from './known-member.ts';
import { isGone } from './member.ts';
import type { Roster } from './roster.ts';
import type { SelfStatement, Statement } from './statement.ts';

/** Differences, one after the other, with none who knows more between them: it is not news that is on its way. */
const DIFFERENCES = 3;
/** An answer is waited for, the longer the more it is; what may come from a liar is waited for no longer than that. */
const ASK_MS = 400;
const ASK_MS_A_MISSING = 2;
const ASK_MS_MAX = 4_000;
/** Among those who know as many, the list of what is known goes out at 1 kB a second at most. */
const ASK_MS_A_MEMBER = 4;
/** Who was asked last is left alone for so many times as long: others are asked meanwhile. */
const SAME_AGAIN = 3;
/** A statement is about 200 bytes. */
const TELL_MS = 200;
const TELL_MS_A_MEMBER = 3;

export class Reconciliation {
  readonly #members: Roster;
  #differences = 0;
  #askAgainMs = Number.NEGATIVE_INFINITY;
  #sameAgainMs = Number.NEGATIVE_INFINITY;
  #asked: NodeId | undefined;
  #tellAgainMs = Number.NEGATIVE_INFINITY;

  constructor(members: Roster) {
    this.#members = members;
  }

  digest({ node, incarnation }: SelfStatement): Digest {
    const { livingCount, livingHash } = this.#members;
    return { count: livingCount + 1, hash: (livingHash ^ memberHash(node, incarnation)) >>> 0 };
  }

  /** Another says what it knows. @returns whether it is to be asked for the rest */
  compare(from: NodeId, own: Digest, theirs: Digest, nowMs: number): 'same' | 'ask' | 'wait' {
    if (theirs.hash === own.hash && theirs.count === own.count) {
      this.#differences = 0;
      return 'same';
    }
    const missing = Math.max(0, theirs.count - own.count);
    if (missing === 0 && ++this.#differences < DIFFERENCES) return 'wait';
    if (nowMs < this.#askAgainMs) return 'wait';
    if (from === this.#asked && nowMs < this.#sameAgainMs) return 'wait';
    this.#differences = 0;
    const expectedMs = ASK_MS_A_MISSING * missing;
    const quietMs = missing === 0 ? ASK_MS_A_MEMBER * own.count : 0;
    const waitMs = Math.max(quietMs, Math.min(ASK_MS_MAX, ASK_MS + expectedMs));
    this.#asked = from;
    this.#askAgainMs = nowMs + waitMs;
    this.#sameAgainMs = nowMs + SAME_AGAIN * waitMs;
    return 'ask';
  }

  /** Of each who is there, the node included, the hash. */
  known(own: SelfStatement): Uint8Array {
    const hashes = [memberHash(own.node, own.incarnation)];
    for (const { report, hash } of this.#members.all()) if (!isGone(report)) hashes.push(hash);
    return writeHashes(hashes);
  }

  /** What `known` lacks, and who of it is gone. Undefined when much was told only now. */
  lacking(
    known: Uint8Array,
    own: SelfStatement,
    nowMs: number,
  ): readonly (readonly Statement[])[] | undefined {
    if (nowMs < this.#tellAgainMs) return undefined;
    const theirs = readHashes(known);
    const all: (readonly Statement[])[] = [];
    if (!theirs.has(memberHash(own.node, own.incarnation))) all.push([own]);
    for (const member of this.#members.all()) {
      if (theirs.has(member.hash) === isGone(member.report)) all.push(allOf(member));
    }
    if (all.length > 1)
      this.#tellAgainMs = nowMs + Math.max(TELL_MS, TELL_MS_A_MEMBER * all.length);
    return all;
  }
}
