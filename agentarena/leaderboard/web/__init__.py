"""The boards in a browser: pages rendered on the server, a replay viewer, and where it is switched on a form to submit agents."""
