import { mount } from "svelte";
import App from "./App.svelte";
import "./tokens.css";
import "./base.css";
import { followKeyboard } from "./lib/viewport";
import { warmUp } from "./lib/warmUp";
import { preferences } from "./state/preferences.svelte";
import { session } from "./state/session.svelte";

followKeyboard();
void session.start();
await preferences.show().catch(console.warn); // then in English
const target = document.querySelector("#app");
if (target) mount(App, { target });
const whenIdle = window.requestIdleCallback ?? setTimeout; // Safari has no such thing yet
whenIdle(warmUp);
