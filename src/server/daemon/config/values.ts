/** How a value is read: docs/protocol/4-filters-and-options.md, G.1. */
import type { ByteString } from '../../../core/bytes.ts';
import { FACILITIES, type ParameterKind } from './parameters.ts';

const YES = /^(?:yes|true|1)$/i;
const NO = /^(?:no|false|0)$/i;
const UNSET = /^(?:unset|-1)$/i;

/** What a text that is not understood says; C goes on with the value as it was. */
export class BadValue {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

export function readValue(kind: ParameterKind, text: ByteString, isPath: boolean): unknown {
  switch (kind) {
    case 'string':
      // A path of slashes alone is the root of the disk.
      return isPath ? text.replace(/(?<=[^/])\/+$/, '').replace(/^\/+$/, '/') : text;
    case 'boolean':
      if (YES.test(text)) return true;
      if (NO.test(text)) return false;
      return new BadValue(`"${text}" is no boolean: yes or no`);
    case 'tristate':
      if (YES.test(text)) return true;
      if (NO.test(text)) return false;
      if (UNSET.test(text)) return undefined;
      return new BadValue(`"${text}" is none of yes, no and unset`);
    case 'integer': {
      const number = Number.parseInt(text, 10);
      return Number.isNaN(number) ? 0 : Math.max(-0x80000000, Math.min(0x7fffffff, number));
    }
    case 'facility': {
      const facility = text.toLowerCase();
      return FACILITIES.includes(facility) ? facility : new BadValue(`"${text}" is no facility of syslog`);
    }
  }
}
