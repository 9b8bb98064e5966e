/** People with accounts, a page at a time. */
import { api, read } from "../../api/client";
import type { Schemas } from "../../api/types";
import { wordsOf } from "../../lib/errors";

export type Person = Schemas["UserInGroups"];
export type Role = Schemas["UserUpdateForm"]["role"];
export type Order = "created_at" | "last_active_at" | "name" | "email" | "role";

export const PAGE_SIZE = 30; // the server's
export const ROLES: readonly Role[] = ["pending", "user", "admin"];

export class People {
  /** Null until they are known. */
  list = $state.raw<Person[] | null>(null);
  total = $state(0);
  page = $state(1);
  trouble = $state("");
  #wanted: { query: string; order_by: Order } = { query: "", order_by: "created_at" };
  #turn = 0;

  async find(wanted: { query: string; order_by: Order }): Promise<void> {
    this.#wanted = wanted;
    await this.turnTo(1);
  }

  async turnTo(page: number): Promise<void> {
    this.page = page;
    await this.load();
  }

  async load(): Promise<void> {
    const turn = ++this.#turn;
    const query = { ...this.#wanted, page: this.page };
    try {
      const { users, total } = await read(api.GET("/api/v1/users/", { params: { query } }));
      if (turn !== this.#turn) return;
      this.list = users;
      this.total = total;
      this.trouble = "";
    } catch (error) {
      this.trouble = wordsOf(error);
    }
  }

  /** Change somebody's account. Throws ApiError. */
  async change(person: Person, changes: Partial<Schemas["UserUpdateForm"]>): Promise<void> {
    const { name, email, profile_image_url } = person;
    const body = { role: person.role as Role, name, email, profile_image_url, ...changes };
    const path = { user_id: person.id };
    await read(api.POST("/api/v1/users/{user_id}/update", { params: { path }, body }));
    await this.load();
  }

  async add(form: { name: string; email: string; password: string; role: Role }): Promise<void> {
    await read(api.POST("/api/v1/auths/add", { body: { profile_image_url: "/user.png", ...form } }));
    await this.load();
  }

  async remove({ id }: Person): Promise<void> {
    await read(api.DELETE("/api/v1/users/{user_id}", { params: { path: { user_id: id } } }));
    await this.load();
  }
}
