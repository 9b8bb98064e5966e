ROUTES = {
    "evaluations.config": "/api/v1/evaluations/config",
}
