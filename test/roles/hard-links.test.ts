import { describe, expect, it } from 'vitest';
import { FileList } from '../../src/core/file-list.ts';
import { HardLinks, type LinkMember } from '../../src/roles/hard-links.ts';
import type { ReceivedList } from '../../src/roles/receiving-side.ts';

const held = (): ReceivedList => ({
  list: new FileList(0),
  before: 0,
  directory: undefined,
  open: 0,
  closed: false,
});

const member = (list: ReceivedList, ndx: number): LinkMember => ({ held: list, i: ndx, ndx });

describe('hard-link groups', () => {
  it('the last one known asks; the others are linked to it, last index first', () => {
    const links = new HardLinks();
    const list = held();
    for (const ndx of [3, 5, 9]) links.add(3, ndx);
    expect([3, 5, 9].map((ndx) => links.isLast(3, ndx))).toEqual([false, false, true]);
    links.wait(3, member(list, 3));
    links.wait(3, member(list, 5));
    expect(list.open).toBe(2);
    expect([...links.work()]).toEqual([]);
    links.asked(3, 9);
    expect(links.isInFlight(3)).toBe(true);
    links.arrived(3, 'nine');
    expect(links.isInFlight(3)).toBe(false);
    expect(links.areWaiting).toBe(true);
    expect([...links.work()].map((work) => ('link' in work ? [work.link.ndx, work.leader] : work))).toEqual([
      [5, 'nine'],
      [3, 'nine'],
    ]);
    expect(links.areWaiting).toBe(false);
    expect(links.leader(3)).toBe('nine');
  });

  it('when the data does not come, one that waits has to ask; the rest go on waiting', () => {
    const links = new HardLinks();
    const list = held();
    for (const ndx of [1, 2, 3]) links.add(1, ndx);
    links.wait(1, member(list, 1));
    links.wait(1, member(list, 2));
    links.asked(1, 3);
    links.failed(1);
    expect([...links.work()]).toEqual([{ ask: member(list, 1) }]);
    expect(links.areWaiting).toBe(true);
    links.asked(1, 1);
    links.arrived(1, 'one');
    expect([...links.work()]).toEqual([{ link: member(list, 2), leader: 'one' }]);
  });

  it('when the last one is left alone, one that waits has to ask', () => {
    const links = new HardLinks();
    const list = held();
    for (const ndx of [1, 2, 3]) links.add(1, ndx);
    links.wait(1, member(list, 1));
    links.skipped(1, 2);
    expect([...links.work()]).toEqual([]);
    links.skipped(1, 3);
    expect([...links.work()]).toEqual([{ ask: member(list, 1) }]);
  });

  it('a member of an unknown group, and one whose data is on its way, change nothing', () => {
    const links = new HardLinks();
    const list = held();
    links.skipped(7, 7);
    links.add(1, 1);
    links.add(1, 2);
    links.wait(1, member(list, 1));
    links.asked(1, 2);
    links.skipped(1, 2);
    expect([...links.work()]).toEqual([]);
  });
});
