import type { KeyboardInteractiveAuthMethod, Prompt } from 'ssh2';
import { type OnPrompt, visible } from './prompts.ts';

/** Characters of one text of the server that are shown, questions in one round, texts kept, rounds in one attempt. */
const MAX_TEXT = 4096;
const MAX_QUESTIONS = 64;
const MAX_SAID = 8;
const MAX_ROUNDS = 32;

/** What a server calls a password, in languages that servers speak. */
const PASSWORD = /passw|passwor|mot de passe|contrase|senha|парол|密码|密碼|パスワード|암호/i;

export interface KeyboardInteractiveOptions {
  username: string;
  host: string;
  ask: OnPrompt | undefined;
  /** A stored password, to be taken once: as the answer to the attempt's first round if that asks for a password alone. */
  takePassword: () => string | undefined;
}

/** One attempt of RFC 4256: rounds of questions, which the server makes up. */
export class KeyboardInteractive {
  /** The server has asked for something. */
  asked = false;
  /** Somebody did not want to answer. */
  declined = false;
  readonly #options: KeyboardInteractiveOptions;
  #rounds = 0;
  /** What the server has said without asking for anything. */
  #said: string[] = [];

  constructor(options: KeyboardInteractiveOptions) {
    this.#options = options;
  }

  /** A round without questions, which the library answers by itself: its words are shown with the next question. */
  informed(name: string, instructions: string): void {
    this.#said = [...this.#said, ...this.#heading(name, instructions)].slice(-MAX_SAID);
  }

  get method(): KeyboardInteractiveAuthMethod {
    return {
      type: 'keyboard-interactive',
      username: this.#options.username,
      prompt: (name, instructions, _language, questions, finish) => {
        this.asked = true;
        this.#answer(name, instructions, questions)
          .then(finish, () => {
            // Whoever is asked has ended the login.
            this.declined = true;
            finish(questions.map(() => ''));
          })
          // The library throws if the connection has gone meanwhile.
          .catch(() => {});
      },
    };
  }

  /** As many answers as questions: some servers end the connection over another number. */
  async #answer(name: string, instructions: string, questions: readonly Prompt[]): Promise<string[]> {
    const { username, host, ask, takePassword } = this.#options;
    if (++this.#rounds > MAX_ROUNDS || questions.length > MAX_QUESTIONS) this.declined = true;
    const [first] = questions;
    if (
      this.#rounds === 1 &&
      questions.length === 1 &&
      first!.echo !== true &&
      PASSWORD.test(first!.prompt)
    ) {
      const password = takePassword();
      if (password !== undefined) return [password];
    }
    const heading = [...this.#said, ...this.#heading(name, instructions)];
    this.#said = [];
    const answers: string[] = [];
    for (const [i, { prompt, echo }] of questions.entries()) {
      const message = [...(i === 0 ? heading : []), marked(prompt, this.#origin)].join('\n');
      const answer =
        this.declined || ask === undefined
          ? undefined
          : await ask({ kind: 'keyboard-interactive', message, secret: echo !== true, user: username, host });
      if (answer === undefined) this.declined = true;
      answers.push(answer ?? '');
    }
    return answers;
  }

  #heading(name: string, instructions: string): string[] {
    return [name, instructions]
      .filter((text) => text.trim() !== '')
      .map((text) => marked(text, this.#origin));
  }

  get #origin(): string {
    const { username, host } = this.#options;
    return `(${visible(username)}@${visible(host)}) `;
  }
}

/** The server's own words, each line with where it is from, so that they can not pose as another program's. */
function marked(text: string, origin: string): string {
  return visible(text.slice(0, MAX_TEXT).replace(/\r\n?/g, '\n'))
    .replace(/^\n+|\n+$/g, '')
    .split('\n')
    .map((line) => origin + line)
    .join('\n');
}
