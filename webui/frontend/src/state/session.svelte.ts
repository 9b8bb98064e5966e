/** Who is here, and what the server says of itself. */
import { api, read, whenSignedOut } from "../api/client";
import type { Config, Schemas, User } from "../api/types";
import { forgetDrafts } from "../lib/drafts";
import { wordsOf } from "../lib/errors";

/** What is shown: nothing yet, the door, that an account waits for approval, the page itself, or that all went wrong. */
export type Stage = "loading" | "door" | "pending" | "inside" | "trouble";

class Session {
  stage = $state<Stage>("loading");
  config = $state.raw<Config | null>(null);
  user = $state.raw<User | null>(null);
  trouble = $state("");
  /** The session has ended while somebody was at work. */
  hasEnded = $state(false);

  get isAdmin(): boolean {
    return this.user?.role === "admin";
  }

  /** Whether the server has switched a feature on. */
  has(feature: string): boolean {
    return this.config?.features[feature] === true;
  }

  /** Whether the user may do something, by the server's table of permissions. */
  may(area: string, name: string): boolean {
    return this.isAdmin || this.config?.permissions?.[area]?.[name] !== false;
  }

  /** Find out who is here. */
  async start(): Promise<void> {
    try {
      await this.#look();
    } catch (error) {
      this.fail(error);
    }
  }

  /** The same, and what is shown stays if that fails. */
  async lookAgain(): Promise<void> {
    await this.#look().catch(console.warn);
  }

  /** Nothing can be shown. */
  fail(error: unknown): void {
    this.trouble = wordsOf(error);
    this.stage = "trouble";
  }

  async signIn(form: Schemas["SigninForm"]): Promise<void> {
    await read(api.POST("/api/v1/auths/signin", { body: form }));
    await this.#look();
  }

  async signUp(form: { name: string; email: string; password: string }): Promise<void> {
    await read(api.POST("/api/v1/auths/signup", { body: form as Schemas["SignupForm"] }));
    await this.#look();
  }

  /** Change what the user says of themselves. */
  async changeProfile(changes: Pick<User, "name" | "profile_image_url" | "bio">): Promise<void> {
    if (!this.user) return;
    // What is left out is cleared, so what the page does not show goes along.
    const { gender, date_of_birth } = this.user;
    const profile = await read(
      api.POST("/api/v1/auths/update/profile", { body: { gender, date_of_birth, ...changes } }),
    );
    this.user = { ...this.user, ...changes, name: profile.name, profile_image_url: profile.profile_image_url };
  }

  /** Sign out; nothing of the user stays in this browser. */
  async signOut(): Promise<void> {
    await read(api.GET("/api/v1/auths/signout"));
    sessionStorage.clear();
    if (this.user) forgetDrafts(this.user.id);
    location.assign(location.pathname);
  }

  async #look(): Promise<void> {
    let config = await readConfig();
    const { auth, auth_trusted_header: trusted } = config.features;
    if (!isKnown(config) && (auth === false || trusted)) {
      // The server knows by itself who it is.
      await read(api.POST("/api/v1/auths/signin", { body: { email: "admin@localhost", password: "admin" } }));
      config = await readConfig();
    }
    this.config = config;
    this.stage = isKnown(config) ? await this.#enter() : "door";
  }

  async #enter(): Promise<Stage> {
    const before = this.user;
    this.user = (await read(api.GET("/api/v1/auths/"))) as User;
    if (before && before.id !== this.user.id) location.reload();
    this.hasEnded = false;
    return this.user.role === "pending" ? "pending" : "inside";
  }

  constructor() {
    whenSignedOut(() => {
      if (this.stage !== "inside") return;
      this.hasEnded = true;
      this.stage = "door";
    });
  }
}

const readConfig = async (): Promise<Config> => (await read(api.GET("/api/config"))) as unknown as Config;

/** A visitor is not told as much as somebody who is signed in. */
const isKnown = (config: Config): boolean => "ui" in config;

export const session = new Session();
