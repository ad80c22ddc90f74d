package rest

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"tandem/admin/client"
)

// recovery registers what happens when a service fails.
func (s *Server) recovery(api huma.API) {
	operation(s, api, http.MethodPut, "/services/{name}/recovery", "set-recovery", "Say what happens when a service fails by itself", func(ctx context.Context, in *struct {
		Named
		Body client.Recovery
	}) (client.Service, error) {
		return s.ops.SetRecovery(ctx, in.Name, in.Body)
	})
}
