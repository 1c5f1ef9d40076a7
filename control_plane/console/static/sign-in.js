// Trades a token, typed or behind the # of a link, for a session. What stands behind the # never reaches a log.

const form = document.getElementById("form");
const field = document.getElementById("secret");
const fault = document.getElementById("fault");

async function signIn(secret) {
  fault.textContent = "";
  try {
    const answer = await fetch("/api/v1/session", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ secret }),
    });
    if (answer.ok) return location.replace(new URLSearchParams(location.search).get("to")?.match(/^\/(?![\/\\])/) ? new URLSearchParams(location.search).get("to") : "/");
    fault.textContent = (await answer.json()).detail;
  } catch {
    fault.textContent = "The control plane does not answer.";
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  signIn(field.value.trim());
});
const linked = location.hash.slice(1);
if (linked) {
  history.replaceState(null, "", location.pathname + location.search);
  signIn(linked);
}
