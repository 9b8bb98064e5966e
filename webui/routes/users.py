ROUTES = {
    "users.permissions": "/api/v1/users/permissions",
    "users.default_permissions": "/api/v1/users/default/permissions",
    "users.item": "/api/v1/users/{user_id}",
}
