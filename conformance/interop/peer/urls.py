"""SimpleJWT's endpoints, each with and without the slash, and a protected route."""
from django.urls import path
from rest_framework.fields import DateTimeField
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt import views


class Me(APIView):
    """Who the access token is about."""

    permission_classes = [IsAuthenticated]

    def get(self, request):
        user = request.user
        last_login = user.last_login and DateTimeField().to_representation(user.last_login)
        return Response({"id": user.id, "username": user.username, "last_login": last_login})


ROUTES = {
    "api/token": views.TokenObtainPairView.as_view(),
    "api/token/refresh": views.TokenRefreshView.as_view(),
    "api/token/verify": views.TokenVerifyView.as_view(),
    "api/token/blacklist": views.TokenBlacklistView.as_view(),
    "api/token/sliding": views.TokenObtainSlidingView.as_view(),
    "api/token/sliding/refresh": views.TokenRefreshSlidingView.as_view(),
    "api/me": Me.as_view(),
}
urlpatterns = [path(route + end, view) for route, view in ROUTES.items() for end in ("", "/")]
