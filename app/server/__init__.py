"""The server process: supervisor, uvicorn's server and protocol, health check, OpenAPI document."""
