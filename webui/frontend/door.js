/** What stands before the chats: the first account, signing in and up, waiting for approval, a server out of reach. */
import { signIn, signUp } from "./api.js";
import { $ } from "./dom.js";

const card = $("#card");
const FIELDS = ["name", "email", "password"];

/** The card for somebody who is not signed in; `onEnter` is called once they are. */
export function showSignIn(config, onEnter) {
  const { name, features } = config;
  const enter = (send) => async (form) => onEnter(await send(form));
  const signInCard = {
    title: `Sign in to ${name}`,
    action: "Sign in",
    fields: ["email", "password"],
    submit: enter(signIn),
    other: features.enable_signup && { label: "Create an account", go: () => show(signUpCard) },
  };
  const signUpCard = {
    title: "Create an account",
    action: "Create account",
    fields: FIELDS,
    submit: enter(signUp),
    other: { label: "I have an account already", go: () => show(signInCard) },
  };
  const firstCard = {
    title: `Welcome to ${name}`,
    text: "Create the administrator’s account. It is kept on this server, like everything you write here.",
    action: "Create account",
    fields: FIELDS,
    submit: enter(signUp),
  };
  show(config.onboarding ? firstCard : signInCard);
}

export function showPending({ ui }, { check, leave }) {
  show({
    title: ui.pending_user_overlay_title || "Your account is waiting for approval",
    text: ui.pending_user_overlay_content || "An administrator of this server has to let you in. Come back later.",
    action: "Check again",
    submit: check,
    other: { label: "Sign out", go: leave },
  });
}

export function showTrouble(error, retry) {
  show({ title: "That did not work", text: error.message, action: "Try again", submit: retry });
}

function show({ title, text = "", action, fields = [], submit, other }) {
  $("#door").hidden = false;
  $("#frame").hidden = true;
  $("h1", card).textContent = title;
  $("#card-text").textContent = text;
  for (const name of FIELDS) {
    $(`#field-${name}`).hidden = !fields.includes(name);
    card.elements[name].disabled = !fields.includes(name);
  }
  card.elements.password.autocomplete = fields.includes("name") ? "new-password" : "current-password";
  $(".primary", card).textContent = action;
  $("#card-other").hidden = !other;
  $("#card-other").textContent = other?.label ?? "";
  $("#card-other").onclick = other?.go;
  card.onsubmit = (event) => {
    event.preventDefault();
    send(submit, Object.fromEntries(new FormData(card)));
  };
  say("");
  (card.elements[fields[0]] ?? $(".primary", card)).focus();
}

async function send(submit, form) {
  const button = $(".primary", card);
  button.disabled = true;
  say("");
  await submit(form).catch((error) => say(error.message));
  button.disabled = false;
}

function say(problem) {
  $(".error", card).textContent = problem;
  $(".error", card).hidden = !problem;
}
