/** The log of a daemon and of its connections: what happened, never a secret. */
import { type ByteString, fromText } from '../../../core/bytes.ts';
import { platform } from '../../../files/platform/index.ts';
import { formatTime } from '../../../text/dates.ts';
import { escapeLine } from '../../../text/escape.ts';
import type { ModuleValues } from '../config/parameters.ts';
import { expandVariables, type Variables } from '../config/variables.ts';
import { FileSink, type LogSink, SystemLogSink } from './sink.ts';

/** Where lines go: the parameters that say so, variables put in. */
export interface LogTarget {
  /** '' : the log of the system. */
  file: ByteString;
  tag: string;
  facility: string;
}

export interface LogOptions {
  /** `--log-file`: stands above every parameter. */
  file: string | undefined;
  /** Nobody detached this process: its standard error is read by whoever started it. */
  hasTerminal: boolean;
}

const STDERR = 2;

export class DaemonLog {
  private sink: LogSink;
  private target: LogTarget | undefined;
  private readonly options: LogOptions;

  constructor(options: LogOptions) {
    this.options = options;
    this.sink = new FileSink(STDERR, false);
  }

  /** Opens what the parameters name; called again, what other ones name. As root, before a connection becomes its user. */
  open(values: ModuleValues, variables: Variables): void {
    const { file } = this.options;
    const target: LogTarget = {
      file: file === undefined ? expandVariables(values.logFile, variables) : fromText(file),
      tag: expandVariables(values.syslogTag, variables),
      facility: values.syslogFacility,
    };
    const old = this.target;
    if (old?.file === target.file && old.tag === target.tag && old.facility === target.facility) return;
    this.target = target;
    this.replace(this.sinkOf(target));
  }

  /** The file may have been renamed: what follows goes to a new one. */
  reopen(): void {
    if (this.target !== undefined) this.replace(this.sinkOf(this.target));
  }

  line(text: ByteString): void {
    const shown = escapeLine(text, true);
    const prefix = this.sink.wantsPrefix ? `${formatTime(Date.now() / 1000, ' ')} [${process.pid}] ` : '';
    this.sink.write(prefix + shown);
  }

  close(): void {
    this.replace(new FileSink(STDERR, false));
  }

  private sinkOf(target: LogTarget): LogSink {
    if (target.file !== '') {
      const opened = FileSink.open(target.file);
      if (typeof opened !== 'string') return opened;
      const fallback = this.systemSink(target);
      fallback.write(`failed to open log-file ${target.file}: ${fromText(opened)}`);
      return fallback;
    }
    return this.systemSink(target);
  }

  private systemSink({ tag, facility }: LogTarget): LogSink {
    if (platform.isWindows || this.options.hasTerminal) return new FileSink(STDERR, false);
    return new SystemLogSink(tag, facility);
  }

  private replace(sink: LogSink): void {
    const old = this.sink;
    this.sink = sink;
    old.close();
  }
}
