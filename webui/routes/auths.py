ROUTES = {
    "auths.session": "/api/v1/auths/",
    "auths.signin": "/api/v1/auths/signin",
    "auths.signup": "/api/v1/auths/signup",
    "auths.signout": "/api/v1/auths/signout",
    "auths.password": "/api/v1/auths/update/password",
}
