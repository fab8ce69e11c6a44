import { Hono } from "hono";
import { createApp } from "signalbox/worker";

// Your own app, with the router's whole API under /router.
const app = new Hono();
app.get("/", (context) => context.text("My own app. POST /router/v1/route decides."));
app.route("/router", createApp());

export default app;
