ROUTES = {
    "pipelines.all": "/api/v1/pipelines/",
    "pipelines.servers": "/api/v1/pipelines/list",
    "pipelines.upload": "/api/v1/pipelines/upload",
    "pipelines.add": "/api/v1/pipelines/add",
    "pipelines.delete": "/api/v1/pipelines/delete",
    "pipelines.valves": "/api/v1/pipelines/{pipeline_id}/valves",
    "pipelines.valves_spec": "/api/v1/pipelines/{pipeline_id}/valves/spec",
    "pipelines.valves_update": "/api/v1/pipelines/{pipeline_id}/valves/update",
}
