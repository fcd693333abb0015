import { describe, expect, it } from 'vitest';
import { Signal } from '../../src/roles/receiving-side.ts';

describe('Signal', () => {
  it('remembers one notice for whoever waits next, not two', async () => {
    const signal = new Signal();
    signal.notify();
    signal.notify();
    await signal.wait();
    let woken = false;
    const waiting = signal.wait().then(() => {
      woken = true;
    });
    await new Promise(setImmediate);
    expect(woken).toBe(false);
    signal.notify();
    await waiting;
    expect(woken).toBe(true);
  });

  it('fails who waits and who will wait, with the first failure', async () => {
    const signal = new Signal();
    const waiting = signal.wait();
    signal.fail(new Error('first'));
    signal.fail(new Error('second'));
    await expect(waiting).rejects.toThrow('first');
    signal.notify();
    await expect(signal.wait()).rejects.toThrow('first');
  });
});
