import type { ByteString } from '../core/bytes.ts';
import type { ReceivedList } from './receiving-side.ts';

/** A member of a hard-link group. */
export interface LinkMember {
  held: ReceivedList;
  i: number;
  ndx: number;
}

interface LinkGroup {
  /** Highest index among the members known: the one that asks for data if nobody has it. */
  last: number;
  /** Members that wait for data, in the order of their indexes. */
  waiting: LinkMember[];
  /** Index of the member whose data was asked for, until it is settled. */
  inFlight: number | undefined;
  /** Local name that the others are linked to, once one is in place; outlives the lists. */
  leader: ByteString | undefined;
}

/**
 * Hard-link groups of a receiving side, docs/protocol/2-file-list.md, 7.4: who asks for data, who waits for whom.
 * Decides only; linking is the generator's.
 */
export class HardLinks {
  private readonly groups = new Map<number, LinkGroup>();
  /** Groups whose leader has come into place since the last look, or whose leader failed. */
  private readonly settled: LinkGroup[] = [];
  private waitingCount = 0;

  /** A member has arrived in a list. */
  add(group: number, ndx: number): void {
    const known = this.groups.get(group);
    if (known === undefined)
      this.groups.set(group, { last: ndx, waiting: [], inFlight: undefined, leader: undefined });
    else if (ndx > known.last) known.last = ndx;
  }

  /** Local name of the member that is in place; undefined: none yet. */
  leader(group: number): ByteString | undefined {
    return this.groups.get(group)?.leader;
  }

  /** Another member's data is on its way. */
  isInFlight(group: number): boolean {
    return this.groups.get(group)?.inFlight !== undefined;
  }

  /** True if nobody after this member could ask for the data. */
  isLast(group: number, ndx: number): boolean {
    return this.groups.get(group)!.last === ndx;
  }

  /** Members wait for data that has not come. */
  get areWaiting(): boolean {
    return this.waitingCount > 0;
  }

  wait(group: number, member: LinkMember): void {
    this.waitingCount++;
    member.held.open++;
    this.groups.get(group)!.waiting.push(member);
  }

  asked(group: number, ndx: number): void {
    this.groups.get(group)!.inFlight = ndx;
  }

  /** A member is left alone: if it was the last one known, one of those that wait for it has to ask. */
  skipped(group: number, ndx: number): void {
    const found = this.groups.get(group);
    if (found === undefined || found.last !== ndx || found.inFlight !== undefined) return;
    if (found.waiting.length > 0) this.settled.push(found);
  }

  /** This member is in place under `name`. */
  arrived(group: number, name: ByteString): void {
    const found = this.groups.get(group)!;
    found.inFlight = undefined;
    found.leader ??= name;
    if (found.waiting.length > 0) this.settled.push(found);
  }

  /** The data of a member will not come: another one has to ask. */
  failed(group: number): void {
    const found = this.groups.get(group)!;
    found.inFlight = undefined;
    if (found.waiting.length > 0) this.settled.push(found);
  }

  /**
   * What there is to do for members that waited: link them to a leader (last index first), or ask for the data of
   * the one given.
   */
  *work(): Generator<{ link: LinkMember; leader: ByteString } | { ask: LinkMember }> {
    for (let group = this.settled.shift(); group !== undefined; group = this.settled.shift()) {
      if (group.leader === undefined) {
        const ask = group.waiting.shift();
        if (ask === undefined) continue;
        this.waitingCount--;
        yield { ask };
        continue;
      }
      for (let member = group.waiting.pop(); member !== undefined; member = group.waiting.pop()) {
        this.waitingCount--;
        yield { link: member, leader: group.leader };
      }
    }
  }
}
