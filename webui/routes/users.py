ROUTES = {
    "users.item": "/api/v1/users/{user_id}",
}
