import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Output } from '../../src/cli/output.ts';
import { Capture } from './support.ts';

let out: Capture;
let err: Capture;
let output: Output;

beforeEach(() => {
  vi.useFakeTimers();
  out = new Capture();
  err = new Capture();
  output = new Output(out, err);
});

afterEach(() => {
  vi.useRealTimers();
});

it('writes many lines in few pieces', async () => {
  for (let line = 0; line < 30_000; line++) output.out(`some/directory/file-${line}\n`);
  await output.drain();
  expect(out.chunks.length).toBeLessThan(30);
  expect(out.text.split('\n')).toHaveLength(30_001);
  expect(out.text).toContain('file-0\n');
  expect(out.text.endsWith('file-29999\n')).toBe(true);
});

it('lets nothing wait for long', () => {
  output.out('a');
  output.out('b');
  expect(out.text).toBe('');
  vi.advanceTimersByTime(60);
  expect(out.text).toBe('ab');
  output.out('c');
  vi.advanceTimersByTime(60);
  expect(out.chunks.map(String)).toEqual(['ab', 'c']);
});

it('keeps the order of the two streams', () => {
  const both: string[] = [];
  const sink = (name: string) => ({ write: (chunk: Uint8Array) => both.push(`${name}:${chunk}`) });
  const ordered = new Output(sink('out'), sink('err'));
  ordered.out('1\n');
  ordered.err('2\n');
  ordered.out('3\n');
  ordered.flush();
  expect(
    both.map((entry) =>
      entry.replace(/[\d,]+$/, (codes) => String.fromCharCode(...codes.split(',').map(Number))),
    ),
  ).toEqual(['out:1\n', 'err:2\n', 'out:3\n']);
});

it('writes bytes as they are', () => {
  output.out('caf\xc3\xa9');
  output.flush();
  output.relay(Uint8Array.of(0xff, 0, 0x0a));
  output.err('\xe9');
  expect(out.text).toBe('caf\xc3\xa9');
  expect(err.text).toBe('\xff\0\n\xe9');
});

it('ends a line that the far side left open before one of its own', () => {
  output.relay(Buffer.from('one\nPass'));
  output.relay(Buffer.from('word: '));
  output.relay(new Uint8Array(0));
  output.err('first\n');
  output.err('second\n');
  expect(err.text).toBe('one\nPassword: \nfirst\nsecond\n');
});

describe('a stream that breaks', () => {
  const breaking = (code: string) => {
    const listeners: ((error: Error) => void)[] = [];
    const error = Object.assign(new Error(`write ${code}`), { code });
    const writes: number[] = [];
    return {
      writes,
      write: (chunk: Uint8Array, callback?: (error?: Error | null) => void) => {
        writes.push(chunk.length);
        callback?.(error);
        for (const listener of listeners) listener(error);
      },
      on: (_: 'error', listener: (error: Error) => void) => listeners.push(listener),
    };
  };

  it('because its reader left is nobody’s failure, and is not written again', async () => {
    const sink = breaking('EPIPE');
    const quiet = new Output(sink, err);
    quiet.out('a');
    quiet.flush();
    quiet.out('b');
    await quiet.drain();
    expect(sink.writes).toEqual([1]);
    expect(quiet.failure).toBeUndefined();
  });

  it('because the disk is full is told', async () => {
    const failing = new Output(breaking('ENOSPC'), err);
    failing.out('a');
    await failing.drain();
    expect(failing.failure?.message).toBe('write ENOSPC');
  });
});
